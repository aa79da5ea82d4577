// Replay: proves that allocated code reads what the virtual code meant.
//
// Both are walked side by side. The state says, for each machine register and spill slot, which virtual registers'
// values it holds; at joins only what holds on all ways in survives. An instruction may read a machine register only
// if the virtual register that it read before allocation is among them. Nothing of how the allocation was found is
// trusted: no liveness, no intervals, no coalescing. (After the checker of Cranelift's regalloc2.)
//
// Requires: allocated code before any clean-up: every instruction of the virtual code, in order, and inserted ones.
#pragma once

#include <optional>
#include <string>

#include "backend/isel/mir.h"

namespace spile::regalloc {

// Null when the allocation is right, else what is wrong with it.
std::optional<std::string> replay(const mir::Function &before, const mir::Function &after, const ir::Module &module);

}  // namespace spile::regalloc
