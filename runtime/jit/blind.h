// Constant blinding: what a program's author writes as constants is not to appear in executable memory, where a jump
// into the middle of an instruction would execute it.
//
//   %y = xor i64 %x, 0x1badb002c0ffee11   ──►   %c = asm "" (0x1badb002c0ffee11 ^ K), %k = xor %c, K, %y = xor %x, %k
//
// K is another random number each time; the empty assembly keeps the code generator from computing the constant again.
// Kernel: bpf_jit_blind_constants() does the same to every immediate; here small ones, of at most 16 bits, stay.
// Constants of vectors lie in memory that is not executable.
//
// Requires: optimized IR: nothing is folded behind this. Breaks: nothing.
#pragma once

#include <llvm/IR/Module.h>

namespace spile::jit {

void blind_constants(llvm::Module &module);

}  // namespace spile::jit
