// The host's side of the JIT: opens the plugin, hands it programs, owns the code it makes. Called through make_jit().
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/vm/engine.h"
#include "runtime/vm/jit_abi.h"
#include "runtime/vm/resolve.h"

namespace spile::vm {

// The plugin, beside the executable or in ../lib/spile. Environment error when it is missing.
Result<const JitApi *> jit_api();
Result<const JitApi *> jit_api(const std::string &path);

// What the plugin is told of a program, and of its maps; it points into all three. [resolve]: of the helpers.
JitProgram plain_program(const object::Program &program, const Resolved &resolved, std::span<const JitMap> maps,
                         HelperResolver resolve);
std::vector<JitMap> plain_maps(std::span<maps::Map *const> maps);
Result<JitCode> compile_program(const JitApi &api, const JitProgram &program);

// An engine from the plugin at [path]. Environment error when it cannot be opened or has another version.
Result<std::unique_ptr<Engine>> open_jit(const std::string &path, HelperResolver resolve);

// make_jit(), and the code of each program is named in /tmp/perf-PID.map, where perf looks for names.
Result<std::unique_ptr<Engine>> make_profiled_jit(HelperResolver resolve = helper_function);

}  // namespace spile::vm
