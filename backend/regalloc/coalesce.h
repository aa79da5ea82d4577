// Coalescing: registers that a copy connects and that are never needed at the same time become one register.
//
//     %3 = %1            %1 is not read below
//     %3 += 8      ──►   %1 = %1
//                        %1 += 8
//
// Requires: intervals of the code as it is. Breaks: nothing; the copies stay, as copies of a register to itself.
#pragma once

#include <vector>

#include "backend/isel/mir.h"
#include "backend/regalloc/intervals.h"

namespace spile::regalloc {

// Renames in [function] and unites in [intervals]. Hot copies first.
void coalesce(mir::Function &function, std::vector<Interval> &intervals);

}  // namespace spile::regalloc
