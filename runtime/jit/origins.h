// Where registers point to, as far as the instructions say. In: a resolved program. Out: for each instruction, what
// each register was made from whenever it is reached.
//
// Of an unverified program a guess: it says which memory an access is compared with, and the comparison says whether it
// lies there. Of a verified one a map is that map, for nothing is added to the address of a map.
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
    Map,     // [index] among JitProgram::maps
    Value,   // given by the lookup at instruction [index]
  } kind = Unset;
  uint32_t index = 0;
  friend bool operator==(const Origin &, const Origin &) = default;
};
using Origins = std::array<Origin, isa::kRegisterCount>;

std::vector<Origins> find_origins(const vm::JitProgram &program);

}  // namespace spile::jit
