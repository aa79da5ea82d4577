// Frame layout: gives each slot that the code still uses its distance from r10.
//
// Largest alignment first, in the order of the source, so that nothing is lost between slots. A variable of less than 8
// bytes that a loop writes and compares has 8 of its own while there is room: a verifier remembers its number then.
// More than 512 bytes are an error that names the largest objects and where they are declared.
#pragma once

#include "backend/isel/mir.h"
#include "support/diagnostics.h"

namespace spile::regalloc {

// MAX_BPF_STACK of the kernel, for one function.
inline constexpr uint32_t kMaxFrame = 512;

// False after an error. [loc] is the function's. [is_called]: by other functions of the object, so that its frame comes
// on top of theirs.
bool lay_out_frame(mir::Function &function, bool is_called, Loc loc, Diagnostics &diags);

}  // namespace spile::regalloc
