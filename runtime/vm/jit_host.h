// The host's side of the JIT: opens the plugin, hands it programs, owns the code it makes. Called through make_jit().
#pragma once

#include <memory>
#include <string>

#include "runtime/vm/engine.h"

namespace spile::vm {

// An engine from the plugin at [path]. Environment error when it cannot be opened or has another version.
Result<std::unique_ptr<Engine>> open_jit(const std::string &path, HelperResolver resolve);

}  // namespace spile::vm
