// A number that the code generator knows nothing about: [value] through empty assembly, which costs no instruction.
#pragma once

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>

namespace spile::jit {

inline llvm::CallInst *opaque(llvm::IRBuilderBase &b, llvm::Value *value) {
  llvm::Type *const type = value->getType();
  return b.CreateCall(
      llvm::InlineAsm::get(llvm::FunctionType::get(type, {type}, false), "", "=r,0", /*hasSideEffects=*/false),
      {value});
}

}  // namespace spile::jit
