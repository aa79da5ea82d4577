// Bytes of any kind as an object: reading, linking, dumping, printing and writing again may fail, never crash or hang.
// Seeds: any eBPF object, for example those that `spile build` makes from examples/.
#include <cstddef>
#include <cstdint>

#include "backend/object/dump.h"
#include "backend/object/object.h"
#include "backend/object/print_value.h"
#include "support/check.h"

using namespace spile;
using namespace spile::object;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const Result<Object> object = read_elf(bytes, "fuzz.o");
  if (!object) return 0;
  for (const ProgramEntry &entry : object->programs) {
    const Result<Program> program = link(*object, entry);
    if (!program) continue;
    for (uint32_t i = 0; i < program->insns.size(); i += 7) program->line_of(i);
  }
  dump(*object, {.source = true});
  dump(*object, {.maps = true, .relocs = true, .btf = true});
  for (const Map &map : object->maps)
    if (map.is_global_data) format_value(object->btf, map.value_type, (*object)[map.section].bytes);
  // What was read can be written, and what we write can be read.
  const auto written = write_elf(*object);
  SPILE_CHECK(written.has_value(), "an object that was read is not written");
  const auto again = read_elf(*written, "fuzz.o");
  SPILE_CHECK(again.has_value(), "an object that was written is not read");
  return 0;
}
