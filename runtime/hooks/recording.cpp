#include "runtime/hooks/recording.h"

#include <algorithm>

#include "runtime/hooks/event_file.h"
#include "runtime/hooks/trace_dat.h"

namespace spile::hooks {

namespace {

struct Reader {
  std::string_view begins_with;
  Result<std::unique_ptr<Recording>> (*open)(ByteStream bytes);
};
constexpr Reader kReaders[] = {{kEventFileMagic, read_event_file}, {kTraceDatMagic, read_trace_dat}};

}  // namespace

Result<std::unique_ptr<Recording>> open_recording(ByteStream &bytes) {
  // No more than they need: a pipe may have little in it for a while.
  constexpr size_t kNeeded = std::max(kEventFileMagic.size(), kTraceDatMagic.size());
  const auto begin = bytes.look_text(kNeeded);
  if (!begin) return std::unexpected(begin.error());
  for (const Reader &reader : kReaders)
    if (begin->starts_with(reader.begins_with)) return reader.open(std::move(bytes));
  return nullptr;
}

}  // namespace spile::hooks
