// Which registers certainly hold no pointer. In: a resolved program. Out: for each instruction, the registers (bit r)
// that are numbers whenever it is reached. `r5 += r7` is an address based on r5 or on r7: this says on which.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/vm/jit_abi.h"

namespace spile::jit {

std::vector<uint16_t> scalar_registers(const vm::JitProgram &program);

}  // namespace spile::jit
