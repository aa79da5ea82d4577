// Frame layout: gives each slot that the code still uses its distance from r10.
//
// Largest alignment first, in the order of the source, so that nothing is lost between slots. More than 512 bytes are
// an error that names the largest objects and where they are declared.
#pragma once

#include "backend/isel/mir.h"
#include "support/diagnostics.h"

namespace spile::regalloc {

// MAX_BPF_STACK of the kernel, for one function.
inline constexpr uint32_t kMaxFrame = 512;

// False after an error. [loc] is the function's.
bool lay_out_frame(mir::Function &function, Loc loc, Diagnostics &diags);

}  // namespace spile::regalloc
