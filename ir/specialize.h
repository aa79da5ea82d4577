// Static functions fitted to their calls: arguments that are the same everywhere, and arguments and results that nobody
// reads.
//
// Idea: all calls of a static function whose address is not taken can be seen. A parameter that is one constant in all
// of them is that constant; a parameter that the function does not use goes, at its calls too. A result that is one
// constant or parameter at every ret is that value in callers that read it, and a result that none of them uses is not
// made. The passes then run again over what changed. Of a parameter that points to a variable of the caller, and no
// other parameter to the same in any call, gvn knows that a store through another parameter does not change what it
// points to. Called by the pipeline behind the passes, when functions that are inlined are gone.
//
//     func @g(ptr %p0, i32 %p1) -> i32 {              func @g(ptr %p0) -> i32 {
//       %0 = load.i32 %p0                               %0 = load.i32 %p0
//       %1 = mul.i32 %0, %p1                  ->        %1 = mul.i32 %0, i32 14
//       ret %1                                          ret %1
//     }                                               }
//     ... call.i32 @g(%2, i32 14)                     ... call.i32 @g(%2)
//
// Requires: finished functions. Breaks: leaves constants to fold and arguments that nobody needs.
// Kernel: a static function is verified at each call, with the registers that the call has. Global functions are
// verified by their prototype, and stay.
#pragma once

#include <vector>

#include "ir/ir.h"

namespace spile::ir {

struct Specialized {
  std::vector<bool> changed;          // by function: whether it is to go through the passes again
  std::vector<uint32_t> lone_params;  // by function: of its PassContext
};
Specialized specialize_functions(Module &module);

}  // namespace spile::ir
