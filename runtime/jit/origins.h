// Where registers point to, as far as the instructions say. In: a resolved program. Out: for each instruction, what
// each register was made from whenever it is reached.
//
// Of an unverified program a guess: what an access is compared with is the memory that its register was made from when
// the code runs, and this says whether there is some. Of a verified one a map is that map, for nothing is added to the
// address of a map.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "backend/isa/info.h"
#include "runtime/vm/jit_abi.h"

namespace spile::jit {

struct Origin {
  enum Kind : uint8_t {
    Unset,    // the instruction is not reached
    Unknown,  // or a number
    Memory,   // that an unverified program has: the stack, the context, a region, a value that a lookup gave
    Map,      // [index] among JitProgram::maps
    Mixed,    // this or that, as control came here
  } kind = Unset;
  uint32_t index = 0;
  friend bool operator==(const Origin &, const Origin &) = default;
};
using Origins = std::array<Origin, isa::kRegisterCount>;

// The register whose memory, if any, a 64-bit operation's result lies in, from what is known before it.
std::optional<unsigned> base_of_result(const isa::Insn &insn, const isa::InsnInfo &info, const Origins &before);

// The region that holds what a load of an address gives; null when none does.
const vm::JitRegion *region_of_constant(const vm::JitProgram &program, size_t index);

std::vector<Origins> find_origins(const vm::JitProgram &program);

}  // namespace spile::jit
