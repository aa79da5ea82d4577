// Register allocation: virtual registers of a function become r0..r9 and, where those do not suffice, stack slots.
//
// In: machine IR from selection. Out: the same function, in place, with physical registers only; spills, reloads and
// rematerialised constants are inserted (Inst::is_inserted); moves of a register to itself are left, for peephole to
// delete. Called by emit, which runs replay.h over the result in checked builds.
//
//     prepare ── coalesce copies ──► assign by weight, with eviction ──► done
//                                          ▲          │ no register
//                                          └─ spill: a slot, or the constant again, split around calls
#pragma once

#include "backend/isel/mir.h"

namespace spile::regalloc {

// Removes dead code, delays changes of copies, shares addresses. What that leaves is what the replay check compares
// with.
void prepare(mir::Function &function);
void allocate_registers(mir::Function &function);

}  // namespace spile::regalloc
