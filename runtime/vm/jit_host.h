// The host's side of the JIT: opens the plugin, hands it programs, owns the code it makes. Called through make_jit().
#pragma once

#include <memory>
#include <string>

#include "runtime/vm/engine.h"

namespace spile::vm {

// An engine from the plugin at [path]. Environment error when it cannot be opened or has another version.
Result<std::unique_ptr<Engine>> open_jit(const std::string &path, HelperResolver resolve);

// make_jit(), and the code of each program is named in /tmp/perf-PID.map, where perf looks for names.
Result<std::unique_ptr<Engine>> make_profiled_jit(HelperResolver resolve = helper_function);

}  // namespace spile::vm
