// Delay: a value that is made by changing a copy of another waits until the other is no longer read.
//
//     %2 = %1            %3 = %1
//     %2 += 1            %3 += 14
//     %3 = %1     ──►    *(%4) = %3
//     %3 += 14           %2 = %1        and coalescing makes %1 and %2 one register
//     *(%4) = %3         %2 += 1
//
// `i++` is computed where it stands in the source, and `i` often is read once more before anybody reads the sum.
//
// Requires: code over virtual registers with its liveness. Breaks: nothing, liveness at the borders stays true.
#pragma once

#include "backend/isel/mir.h"
#include "backend/regalloc/liveness.h"

namespace spile::regalloc {

void delay_changes(mir::Function &function, const Liveness &liveness);

}  // namespace spile::regalloc
