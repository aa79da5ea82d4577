// What LLVM does with a program's IR before code is made of it: as much as the program gives cause for.
//
//   kManyInsns and more     once over it, so that what the translation wrote down goes
//   no loops                the same
//   loops                   loops in their best form, short ones unrolled, vectors; each once, and what cleans up
//                           behind them only where they did something
//   unverified, with loops  LLVM's O2, which finds what checks can be moved out of them
//
// A program was optimized by its compiler, so most of O2 finds nothing and takes half of the time that compiling takes.
// What pays is what that compiler could not do, and nearly all of that is in loops.
//
// Requires: IR of translate.cpp or translate_checked.cpp.
#pragma once

#include <llvm/Passes/PassBuilder.h>

#include "runtime/vm/jit_abi.h"

namespace spile::jit {

// What the PassBuilder is to be made with.
llvm::PipelineTuningOptions pipeline_tuning();
// [waiting]: somebody waits for the code.
llvm::ModulePassManager pipeline_of(llvm::PassBuilder &builder, const vm::JitProgram &program, bool waiting);

}  // namespace spile::jit
