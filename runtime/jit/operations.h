// What instructions compute, as IR: isa::alu(), holds() and atomic() of backend/isa/semantics.h. Shared by the
// translations of verified and of unverified programs.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include "backend/isa/info.h"

namespace spile::jit {

// Whether an operation has a register as its second operand.
inline bool reads_register(const isa::InsnInfo &info) {
  return info.shape == isa::Shape::AluReg || info.shape == isa::Shape::AddressCast;
}

class Operations {
 public:
  explicit Operations(llvm::IRBuilder<> &builder) : b_(builder) {}

  // On values of [bits].
  llvm::Value *alu(isa::Alu op, unsigned bits, llvm::Value *dst, llvm::Value *src);
  // On the lower halves of registers; the result is zero-extended.
  llvm::Value *alu_of_halves(isa::Alu op, llvm::Value *dst64, llvm::Value *src64) {
    return widen(alu(op, 32, low(dst64, 32), low(src64, 32)));
  }
  llvm::Value *condition(const isa::InsnInfo &info, llvm::Value *dst64, llvm::Value *src64);
  // The value that was in memory, zero-extended.
  llvm::Value *atomic(const isa::InsnInfo &info, llvm::Value *memory, llvm::Value *src64, llvm::Value *r0);

  llvm::Value *low(llvm::Value *value, unsigned bits) { return b_.CreateTrunc(value, b_.getIntNTy(bits)); }
  llvm::Value *widen(llvm::Value *value, isa::Extend how = isa::Extend::Zero) {
    return how == isa::Extend::Sign ? b_.CreateSExt(value, b_.getInt64Ty()) : b_.CreateZExt(value, b_.getInt64Ty());
  }

 private:
  llvm::Value *divide(isa::Alu op, llvm::Value *dst, llvm::Value *src, llvm::Value *zero);

  llvm::IRBuilder<> &b_;
};

}  // namespace spile::jit
