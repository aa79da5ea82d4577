// What a pointer points into: the value at the root of its chain of ptradd, and how far from it when that is known.
#pragma once

#include <optional>

#include "ir/ir.h"

namespace spile::ir {

struct Address {
  ValueId base;
  std::optional<int64_t> offset;  // bytes from base; none when a ptradd adds something that is not constant
};

// A longer chain has its middle as base, which is true as well, only less useful.
inline constexpr int kMaxAddressSteps = 32;

inline Address address_of(const Function &function, ValueId pointer, int64_t offset = 0) {
  Address address{pointer, offset};
  for (int i = 0; i < kMaxAddressSteps && function[address.base].op == Op::PtrAdd; i++) {
    const Inst &step = function[function.operand(address.base, 1)];
    if (step.op == Op::Const && address.offset)
      *address.offset = static_cast<int64_t>(static_cast<uint64_t>(*address.offset) + static_cast<uint64_t>(step.imm));
    else
      address.offset.reset();
    address.base = function.operand(address.base, 0);
  }
  return address;
}

// Whether [base] is a pointer out of 32 bits of a context: only the packet's are (data, data_end, data_meta), which the
// kernel widens as it loads them. No other pointer fits there.
inline bool is_packet_pointer(const Function &function, ValueId base) {
  if (function[base].op != Op::IntToPtr || function[function.operand(base, 0)].op != Op::Zext) return false;
  const ValueId field = function.operand(function.operand(base, 0), 0);
  if (function[field].op != Op::Load || function[field].type != Type::I32) return false;
  return function[address_of(function, function.operand(field, 0)).base].op == Op::Param;
}

// Which operand of a load, store or atomic is the pointer; -1 for other operations.
inline int pointer_operand(Op op) {
  switch (op) {
    case Op::Load:
      return 0;
    case Op::Store:
    case Op::AtomicAdd:
    case Op::AtomicOr:
    case Op::AtomicAnd:
    case Op::AtomicXor:
    case Op::AtomicXchg:
      return 1;
    case Op::CmpXchg:
      return 2;
    case Op::Const:
    case Op::Undef:
    case Op::Param:
    case Op::GlobalAddr:
    case Op::FuncAddr:
    case Op::SlotAddr:
    case Op::CoreValue:
    case Op::Add:
    case Op::Sub:
    case Op::Mul:
    case Op::UDiv:
    case Op::SDiv:
    case Op::UMod:
    case Op::SMod:
    case Op::And:
    case Op::Or:
    case Op::Xor:
    case Op::Shl:
    case Op::LShr:
    case Op::AShr:
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
      return -1;
  }
  return -1;
}

}  // namespace spile::ir
