#include "runtime/hooks/recording.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "runtime/hooks/event_file.h"
#include "runtime/hooks/trace_dat.h"
#include "support/file.h"

namespace spile::hooks {

namespace {

struct Reader {
  std::string_view begins_with;
  Result<std::unique_ptr<Recording>> (*open)(const std::string &path);
};
constexpr Reader kReaders[] = {{kEventFileMagic, read_event_file}, {kTraceDatMagic, read_trace_dat}};

}  // namespace

Result<std::unique_ptr<Recording>> open_recording(const std::string &path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return os_error(errno, fmt::format("cannot read `{}`", path));
  std::array<char, 64> begin;
  // What is in a pipe cannot be looked at beforehand: it is a capture.
  const ssize_t size = ::pread(file.get(), begin.data(), begin.size(), 0);
  const std::string_view text(begin.data(), size < 0 ? 0 : static_cast<size_t>(size));
  for (const Reader &reader : kReaders)
    if (text.starts_with(reader.begins_with)) return reader.open(path);
  return nullptr;
}

}  // namespace spile::hooks
