// Older kernel: what an older Linux refuses of what the newest allows, instruction by instruction.
//
// In: a state in which all obligations of the instruction hold, and Options::linux_version. What older kernels know
// less about (a number that is saved in 4 bytes) is in transfer; how deep their stacks are, in stack_depth.
#pragma once

#include <optional>

#include "verifier/domain/state.h"
#include "verifier/env.h"
#include "verifier/failure.h"

namespace spile::verifier {

std::optional<Failure> check_older_kernel(const Env &env, const State &state, uint32_t insn);

}  // namespace spile::verifier
