// Which registers hold no pointer. In: a resolved program. Out: for each instruction, the registers (bit r) that are
// numbers whenever it is reached. `r5 += r7` is an address based on r5 or on r7: this says on which.
//
// Four bytes that were loaded are a number, but from a context they may be a pointer to the packet, to which only
// numbers are added.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/vm/jit_abi.h"

namespace spile::jit {

struct Scalars {
  uint16_t numbers = 0;  // no pointer
  uint16_t four = 0;     // no pointer, but for one to the packet that was loaded from four bytes
};
std::vector<Scalars> scalar_registers(const vm::JitProgram &program);

}  // namespace spile::jit
