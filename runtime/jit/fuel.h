// Fuel of counted loops: asked for once before the loop, instead of each time around.
//
//   loop: ...                                            enough = fuel >= 7 + 7 * 187
//     br (fuel >= 7), next, leave                        loop: ...
//   next: fuel -= 7; i += 8; br (i != 1504), loop   ──►    br enough, next, leave
//
// and loops that leave at once when there is not enough are then made apart from those that never do (unswitching),
// which LLVM can vectorize. Inner loops first: when one of them always spends the same, the loop around it is counted,
// too.
//
// Sound because: compiled code may leave to the interpreter at any jump back, and that counts by itself. What a loop
// may be asked for beforehand is bounded, so little is left when it leaves early.
//
// Requires: code of translate_checked.cpp, whose first argument is the JitRun. Breaks: nothing.
#pragma once

#include <llvm/Passes/PassBuilder.h>

namespace spile::jit {

// Adds it to the pipeline that [builder] makes.
void ask_for_fuel_beforehand(llvm::PassBuilder &builder);

}  // namespace spile::jit
