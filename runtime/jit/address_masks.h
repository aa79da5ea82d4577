// A fault of LLVM 19's x86 back end, kept away from: where one instruction takes a shifted and masked number both as an
// index and as a value, matching the address replaces the number in the middle of the selection, and the value is lost:
// garbage is stored, or the compiler crashes (foldMaskAndShiftToScale(), foldMaskAndShiftToExtract()).
//
//   %i = and i64 (lshr i64 %x, 60), 8               %o = asm "" (%i)
//   %y = add i64 (load i64, ptr (%p + %i)), %i  ──►  %y = add i64 (load i64, ptr (%p + %o)), %o
//
// The empty assembly keeps the mask out of the address.
//
// Requires: optimized IR: nothing is folded behind this. Breaks: nothing.
#pragma once

#include <llvm/IR/Module.h>

namespace spile::jit {

void keep_masks_out_of_addresses(llvm::Module &module);

}  // namespace spile::jit
