// Which instructions a run may come to many times: those of loops, of what loops call, and of callbacks. In: a resolved
// program. What costs time to compile and saves nanoseconds is worth it there.
#pragma once

#include <vector>

#include "runtime/vm/jit_abi.h"

namespace spile::jit {

// By instruction.
std::vector<bool> repeated_insns(const vm::JitProgram &program);
// Whether there is a loop in some subprogram.
bool has_loops(const vm::JitProgram &program);

}  // namespace spile::jit
