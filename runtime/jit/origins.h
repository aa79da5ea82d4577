// Where the registers of an unverified program point to, as far as its instructions say. In: a resolved program. Out:
// for each instruction, what each register was made from whenever it is reached.
//
// A guess: it says which memory an access is compared with, and the comparison says whether it lies there.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "backend/isa/info.h"
#include "runtime/vm/jit_abi.h"

namespace spile::jit {

struct Origin {
  enum Kind : uint8_t {
    Unset,    // the instruction is not reached
    Unknown,  // or a number
    Stack,    // of the frame
    Context,
    Region,  // [index] among JitUnverified::regions
    Map,     // [index] among JitUnverified::values
    Value,   // given by the lookup at instruction [index]
  } kind = Unset;
  uint32_t index = 0;
  friend bool operator==(const Origin &, const Origin &) = default;
};
using Origins = std::array<Origin, isa::kRegisterCount>;

std::vector<Origins> find_origins(const vm::JitProgram &program);

}  // namespace spile::jit
