// Sharing: an address that takes two instructions, made again and again, is made once and copied.
//
//     r1 = @hists ll              %9 = @hists ll
//     ...                         r1 = %9
//     r1 = @hists ll      ──►     ...
//     ...                         r1 = %9
//     r1 = @hists ll              ...
//                                 r1 = %9
//
// It is made where all uses are dominated, outside of loops. Such a register is the first that allocation gives up:
// only what r6..r9 have left is used for it, and without one each use is what it was.
//
// Requires: code over virtual registers. Breaks: liveness, where it finds something.
#pragma once

#include "backend/isel/mir.h"

namespace spile::regalloc {

// Whether it changed anything.
bool share_addresses(mir::Function &function);

}  // namespace spile::regalloc
