#include "ir/fold.h"

#include "backend/isa/semantics.h"

namespace spile::ir {

namespace {

bool is_signed(Op op) { return op == Op::SDiv || op == Op::SMod || op == Op::AShr; }

std::optional<isa::Alu> alu_of(Op op) {
  switch (op) {
    case Op::Add:
      return isa::Alu::Add;
    case Op::Sub:
      return isa::Alu::Sub;
    case Op::Mul:
      return isa::Alu::Mul;
    case Op::UDiv:
      return isa::Alu::Div;
    case Op::SDiv:
      return isa::Alu::SDiv;
    case Op::UMod:
      return isa::Alu::Mod;
    case Op::SMod:
      return isa::Alu::SMod;
    case Op::And:
      return isa::Alu::And;
    case Op::Or:
      return isa::Alu::Or;
    case Op::Xor:
      return isa::Alu::Xor;
    case Op::Shl:
      return isa::Alu::Lsh;
    case Op::LShr:
      return isa::Alu::Rsh;
    case Op::AShr:
      return isa::Alu::Arsh;
    case Op::Const:
    case Op::Undef:
    case Op::Param:
    case Op::GlobalAddr:
    case Op::FuncAddr:
    case Op::SlotAddr:
    case Op::CoreValue:
    case Op::Bswap:
    case Op::PtrAdd:
    case Op::ICmp:
    case Op::Select:
    case Op::Zext:
    case Op::Sext:
    case Op::Trunc:
    case Op::PtrToInt:
    case Op::IntToPtr:
    case Op::AddrSpaceCast:
    case Op::Asm:
    case Op::AsmOutput:
    case Op::AsmGoto:
    case Op::IsConstant:
    case Op::Opaque:
    case Op::Barrier:
    case Op::Phi:
    case Op::Load:
    case Op::Store:
    case Op::AtomicAdd:
    case Op::AtomicOr:
    case Op::AtomicAnd:
    case Op::AtomicXor:
    case Op::AtomicXchg:
    case Op::CmpXchg:
    case Op::MemCopy:
    case Op::MemSet:
    case Op::LoadAbs:
    case Op::LoadInd:
    case Op::CallHelper:
    case Op::Call:
    case Op::Jump:
    case Op::Branch:
    case Op::Switch:
    case Op::Ret:
    case Op::Unreachable:
      return std::nullopt;
  }
  return std::nullopt;
}

isa::Cond cond_of(Pred pred) {
  switch (pred) {
    case Pred::Eq:
      return isa::Cond::Eq;
    case Pred::Ne:
      return isa::Cond::Ne;
    case Pred::Ult:
      return isa::Cond::Lt;
    case Pred::Ule:
      return isa::Cond::Le;
    case Pred::Ugt:
      return isa::Cond::Gt;
    case Pred::Uge:
      return isa::Cond::Ge;
    case Pred::Slt:
      return isa::Cond::Slt;
    case Pred::Sle:
      return isa::Cond::Sle;
    case Pred::Sgt:
      return isa::Cond::Sgt;
    case Pred::Sge:
      return isa::Cond::Sge;
  }
  SPILE_UNREACHABLE("a predicate that is not in Pred");
}

}  // namespace

bool fold_compare(Pred pred, Type type, int64_t a, int64_t b) {
  // Constants are sign-extended, and sign extension keeps the signed and the unsigned order: 64 bits serve all widths.
  // An I1 is not sign-extended, but 0 and 1 are the other way round only when read as signed.
  if (type == Type::I1) {
    a = -a;
    b = -b;
  }
  return isa::holds(cond_of(pred), 64, static_cast<uint64_t>(a), static_cast<uint64_t>(b));
}

std::optional<int64_t> fold(Op op, Pred pred, Type result, Type type, int64_t a, int64_t b) {
  const unsigned bits = bits_of(type);
  const auto unsigned_a = isa::low_bits(static_cast<uint64_t>(a), bits);
  const auto unsigned_b = isa::low_bits(static_cast<uint64_t>(b), bits);
  if (const auto alu = alu_of(op)) {
    if (bits >= 32) return normalized(result, static_cast<int64_t>(isa::alu(*alu, bits, unsigned_a, unsigned_b)));
    // Narrow types compute on 64 bits that hold the operands extended as the operation reads them. Only shift counts
    // need their own mask.
    uint64_t left = is_signed(op) ? static_cast<uint64_t>(a) : unsigned_a;
    uint64_t right = is_signed(op) ? static_cast<uint64_t>(b) : unsigned_b;
    if (op == Op::Shl || op == Op::LShr || op == Op::AShr) right = unsigned_b & (bits - 1);
    if (type == Type::I1 && is_signed(op)) left = 0 - left, right = 0 - right;
    return normalized(result, static_cast<int64_t>(isa::alu(*alu, 64, left, right)));
  }
  if (op == Op::Bswap) return normalized(result, static_cast<int64_t>(isa::byte_swap(bits, unsigned_a)));
  if (op == Op::ICmp) return fold_compare(pred, type, a, b);
  if (op == Op::Zext) return normalized(result, static_cast<int64_t>(unsigned_a));
  if (op == Op::Sext) return normalized(result, type == Type::I1 ? -a : a);
  if (op == Op::Trunc) return normalized(result, a);
  if (op == Op::PtrAdd) return a + b;
  if (op == Op::PtrToInt || op == Op::IntToPtr) return a;
  return std::nullopt;
}

std::optional<int64_t> constant_of(const Function &function, ValueId v) {
  if (function[v].op != Op::Const) return std::nullopt;
  return function[v].imm;
}

}  // namespace spile::ir
