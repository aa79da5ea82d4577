// Live registers: what an instruction, or one that may follow it in its function, reads before it is overwritten
// (compute_live_registers). Known before any path is explored, so also for loops whose paths are not done, where the
// marks of liveness.cpp are incomplete.
#pragma once

#include <cstdint>
#include <vector>

#include "verifier/env.h"

namespace spile::verifier {

// By instruction: a mask of the registers that are live before it. All of them in the second half of an immediate.
std::vector<uint16_t> live_registers(const Env &env);

}  // namespace spile::verifier
