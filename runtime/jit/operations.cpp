#include "runtime/jit/operations.h"

namespace spile::jit {

using isa::Alu;
using isa::Cond;
using isa::InsnInfo;
using llvm::Value;

Value *Operations::alu(Alu op, unsigned bits, Value *dst, Value *src) {
  llvm::IntegerType *const type = b_.getIntNTy(bits);
  Value *const zero = llvm::ConstantInt::get(type, 0);
  const auto count = [&] { return b_.CreateAnd(src, bits - 1); };
  const auto sign_extended = [&](unsigned from) { return b_.CreateSExt(low(src, from), type); };
  const auto zero_extended = [&](Value *narrow) { return b_.CreateZExt(narrow, type); };
  const auto swapped = [&](unsigned from) {
    return zero_extended(b_.CreateUnaryIntrinsic(llvm::Intrinsic::bswap, low(dst, from)));
  };
  switch (op) {
    case Alu::Add:
      return b_.CreateAdd(dst, src);
    case Alu::Sub:
      return b_.CreateSub(dst, src);
    case Alu::Mul:
      return b_.CreateMul(dst, src);
    case Alu::Or:
      return b_.CreateOr(dst, src);
    case Alu::And:
      return b_.CreateAnd(dst, src);
    case Alu::Xor:
      return b_.CreateXor(dst, src);
    case Alu::Lsh:
      return b_.CreateShl(dst, count());
    case Alu::Rsh:
      return b_.CreateLShr(dst, count());
    case Alu::Arsh:
      return b_.CreateAShr(dst, count());
    case Alu::Neg:
      return b_.CreateNeg(dst);
    case Alu::Mov:
      return src;
    case Alu::Div:
    case Alu::Mod:
    case Alu::SDiv:
    case Alu::SMod:
      return divide(op, dst, src, zero);
    case Alu::MovS8:
      return sign_extended(8);
    case Alu::MovS16:
      return sign_extended(16);
    case Alu::MovS32:
      return sign_extended(32);
    case Alu::Le16:
      return zero_extended(low(dst, 16));
    case Alu::Le32:
      return zero_extended(low(dst, 32));
    case Alu::Le64:
      return dst;
    case Alu::Be16:
    case Alu::Swap16:
      return swapped(16);
    case Alu::Be32:
    case Alu::Swap32:
      return swapped(32);
    case Alu::Be64:
    case Alu::Swap64:
      return swapped(64);
  }
  llvm_unreachable("every operation has a case");
}

// The division itself never sees a divisor that LLVM leaves undefined; selects give what RFC 9669 wants there.
Value *Operations::divide(Alu op, Value *dst, Value *src, Value *zero) {
  Value *const one = llvm::ConstantInt::get(zero->getType(), 1);
  Value *const by_zero = b_.CreateICmpEQ(src, zero);
  if (op == Alu::Div || op == Alu::Mod) {
    Value *const safe = b_.CreateSelect(by_zero, one, src);
    return op == Alu::Div ? b_.CreateSelect(by_zero, zero, b_.CreateUDiv(dst, safe))
                          : b_.CreateSelect(by_zero, dst, b_.CreateURem(dst, safe));
  }
  Value *const by_minus_one = b_.CreateICmpEQ(src, llvm::ConstantInt::getAllOnesValue(zero->getType()));
  Value *const safe = b_.CreateSelect(b_.CreateOr(by_zero, by_minus_one), one, src);
  if (op == Alu::SDiv)
    return b_.CreateSelect(by_zero, zero, b_.CreateSelect(by_minus_one, b_.CreateNeg(dst), b_.CreateSDiv(dst, safe)));
  return b_.CreateSelect(by_zero, dst, b_.CreateSRem(dst, safe));  // x % 1 is x % -1
}

Value *Operations::condition(const InsnInfo &info, Value *dst64, Value *src64) {
  Value *const a = low(dst64, info.bits);
  Value *const b = low(src64, info.bits);
  switch (info.cond()) {
    case Cond::Eq:
      return b_.CreateICmpEQ(a, b);
    case Cond::Ne:
      return b_.CreateICmpNE(a, b);
    case Cond::Gt:
      return b_.CreateICmpUGT(a, b);
    case Cond::Ge:
      return b_.CreateICmpUGE(a, b);
    case Cond::Lt:
      return b_.CreateICmpULT(a, b);
    case Cond::Le:
      return b_.CreateICmpULE(a, b);
    case Cond::Sgt:
      return b_.CreateICmpSGT(a, b);
    case Cond::Sge:
      return b_.CreateICmpSGE(a, b);
    case Cond::Slt:
      return b_.CreateICmpSLT(a, b);
    case Cond::Sle:
      return b_.CreateICmpSLE(a, b);
    case Cond::Set:
      return b_.CreateICmpNE(b_.CreateAnd(a, b), llvm::ConstantInt::get(a->getType(), 0));
  }
  llvm_unreachable("every operation has a case");
}

Value *Operations::atomic(const InsnInfo &info, Value *memory, Value *src64, Value *r0) {
  using enum isa::Atomic;
  constexpr auto kOrder = llvm::AtomicOrdering::SequentiallyConsistent;
  const llvm::Align align(info.bytes());
  Value *const operand = low(src64, info.bits);
  const auto modify = [&](llvm::AtomicRMWInst::BinOp op) {
    return widen(b_.CreateAtomicRMW(op, memory, operand, align, kOrder));
  };
  switch (info.atomic()) {
    case Add:
    case FetchAdd:
      return modify(llvm::AtomicRMWInst::Add);
    case Or:
    case FetchOr:
      return modify(llvm::AtomicRMWInst::Or);
    case And:
    case FetchAnd:
      return modify(llvm::AtomicRMWInst::And);
    case Xor:
    case FetchXor:
      return modify(llvm::AtomicRMWInst::Xor);
    case Xchg:
      return modify(llvm::AtomicRMWInst::Xchg);
    case Cmpxchg:
      return widen(
          b_.CreateExtractValue(b_.CreateAtomicCmpXchg(memory, low(r0, info.bits), operand, align, kOrder, kOrder), 0));
  }
  llvm_unreachable("every operation has a case");
}

}  // namespace spile::jit
