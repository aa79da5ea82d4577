// Register allocation: virtual registers of a function become r0..r9 and, where those do not suffice, stack slots.
//
// In: machine IR from selection, and its liveness. Out: the same function, in place, with physical registers only;
// spills, reloads and rematerialised constants are inserted (Inst::is_inserted); moves of a register to itself are
// left, for peephole to delete. Called by emit, which runs replay.h over the result in checked builds.
//
//     coalesce copies ──► assign by weight, with eviction ──► done
//                              ▲          │ no register
//                              └─ spill: a slot, or the constant again, split around calls
#pragma once

#include "backend/isel/mir.h"
#include "backend/regalloc/liveness.h"

namespace spile::regalloc {

// How many instructions move values that found no register: to their slots and from them. Values that are made again
// are not among them.
struct SpillCount {
  uint32_t spills = 0, reloads = 0;
};

// Slots from [first] on are those of spilled registers.
SpillCount count_spills(const mir::Function &function, size_t first);

void allocate_registers(mir::Function &function, const Liveness &liveness);

}  // namespace spile::regalloc
