// Clean-up of what spilling put in: the spiller looks at one instruction at a time, and stores each new value of a
// spilled register.
//
//     *(u64 *)($4) = r5                        w5 <<= 8
//     w5 <<= 8                                 w5 |= w0
//     *(u64 *)($4) = r5                  ──►   *(u64 *)($4) = r5
//     w5 |= w0
//     *(u64 *)($4) = r5
//     r5 = *(u64 *)($4)
//
// A store that nobody reads before the next one goes, a load of what a register still holds is a copy or nothing, and
// a zero is stored as such. Called by the peephole stage, behind the replay of the allocation.
#pragma once

#include "backend/isel/mir.h"

namespace spile::codegen {

// Slots from [first] on are those of spilled registers: nothing but loads and stores of 8 bytes names them.
void clean_up_spill_slots(mir::Function &function, size_t first);

}  // namespace spile::codegen
