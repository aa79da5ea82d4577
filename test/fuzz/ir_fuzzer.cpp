// Any bytes as IR text: a module or a diagnostic; what parses prints and parses to the same text again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "ir/text.h"

using namespace spile;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  SourceManager sources;
  Diagnostics diags(sources);
  const auto file = sources.add("fuzz.ir", std::string(reinterpret_cast<const char *>(data), size));
  if (!file) return 0;
  const auto module = ir::parse_text(**file, diags);
  if (!module) return 0;
  const std::string once = ir::print(*module);
  const auto again_file = sources.add("again.ir", once);
  if (!again_file) return 0;
  const auto again = ir::parse_text(**again_file, diags);
  if (!again || ir::print(*again) != once) std::abort();
  return 0;
}
