#include "driver/jit_options.h"

namespace spile::driver {

void add_jit_options(OptionTable &options) {
  options.add_options()("perf-map",
                        "tell perf and GDB of compiled code: functions in /tmp/perf-PID.map, source lines in "
                        "$JITDUMPDIR/jit-PID.dump (else in /tmp) for `perf inject --jit`, both to GDB")(
      "no-cache", "neither take compiled code from the cache of an earlier run, nor keep it for a later one")(
      "blind-constants", "no constant of a program appears in its compiled code, which is not cached then");
}

vm::JitSettings jit_settings(const po::variables_map &values) {
  vm::JitSettings settings;
  if (values.contains("perf-map")) settings.told = std::make_shared<vm::Told>();
  settings.blind_constants = values.contains("blind-constants");
  if (!values.contains("no-cache")) settings.cache = vm::CodeCache::default_folder();
  return settings;
}

}  // namespace spile::driver
