#include "backend/isel/widths.h"

#include <algorithm>
#include <bit>

namespace spile::isel {

namespace {

using ir::Op;
using ir::ValueId;

// A phi may grow only so often before it jumps to the width of a register part, so that a loop counter settles.
constexpr unsigned kPhiRounds = 3;
constexpr unsigned kMaxRounds = 64;

class Widths {
 public:
  Widths(const ir::Function &function, const Target &target)
      : fn_(function), target_(target), width_(function.insts.size(), 0) {}

  std::vector<uint8_t> run(const std::vector<uint32_t> &order) {
    for (uint32_t i = 0; i < fn_.insts.size(); i++)
      if (!fn_.insts[i].block.valid()) width_[i] = clamp(unplaced(fn_.insts[i]));
    bool changed = true;
    for (unsigned round = 0; changed && round < kMaxRounds; round++) {
      changed = false;
      for (const uint32_t block : order)
        for (const ValueId v : fn_.blocks[block].insts) {
          unsigned now = of(v);
          if (fn_[v].op == Op::Phi && round >= kPhiRounds && now > width_[v.index])
            now = now <= 8 ? 8 : now <= 16 ? 16 : now <= 32 ? 32 : 64;
          now = std::max<unsigned>(now, width_[v.index]);
          if (now == width_[v.index]) continue;
          width_[v.index] = clamp(now);
          changed = true;
        }
    }
    // Not settled: nothing is known.
    if (changed) std::fill(width_.begin(), width_.end(), uint8_t{64});
    return std::move(width_);
  }

 private:
  static uint8_t clamp(unsigned width) { return static_cast<uint8_t>(std::min(width, 64u)); }
  unsigned width(ValueId v) const { return width_[v.index]; }
  unsigned width(ValueId v, size_t operand) const { return width(fn_.operand(v, operand)); }
  unsigned native(unsigned bits) const { return bits <= 32 && target_.has_alu32() ? 32 : 64; }

  // As Selector::register_constant makes them.
  unsigned unplaced(const ir::Inst &inst) const {
    switch (inst.op) {
      case Op::Const: {
        const unsigned bits = ir::bits_of(inst.type);
        const auto value = static_cast<uint64_t>(inst.imm);
        if (bits == 32 && !target_.has_alu32() && inst.imm < 0) return 64;
        return static_cast<unsigned>(std::bit_width(bits >= 64 ? value : value & ((uint64_t{1} << bits) - 1)));
      }
      case Op::Undef:
        return 0;
      case Op::CoreValue:  // a 32-bit move, where there is one
        return native(ir::bits_of(inst.type));
      default:
        return 64;
    }
  }

  // [bits] of the type, when zero extension of an operand has been made where it was needed.
  unsigned extended(ValueId v, size_t operand, unsigned bits) const { return std::min(width(v, operand), bits); }

  const ir::Inst *constant(ValueId v, size_t operand) const {
    const ir::Inst &inst = fn_[fn_.operand(v, operand)];
    return inst.op == Op::Const ? &inst : nullptr;
  }

  bool is_negative(ValueId v, size_t operand) const {
    const ir::Inst *c = constant(v, operand);
    return c != nullptr && c->imm < 0;
  }

  unsigned of(ValueId v) const {  // NOLINT(readability-function-cognitive-complexity): one case a row of ops.def
    const ir::Inst &inst = fn_[v];
    const unsigned bits = ir::bits_of(inst.type);
    const unsigned native_bits = native(bits);
    switch (inst.op) {
      case Op::Add:
        if (bits < native_bits && (is_negative(v, 0) || is_negative(v, 1))) return native_bits;  // select_binary
        return std::min(native_bits, std::max(width(v, 0), width(v, 1)) + 1);
      case Op::Mul:
        return std::min(native_bits, width(v, 0) + width(v, 1));
      case Op::And:
        return std::min({native_bits, width(v, 0), width(v, 1)});
      case Op::Or:
      case Op::Xor:
        return std::min(native_bits, std::max(width(v, 0), width(v, 1)));
      case Op::Sub:
        return native_bits;
      case Op::Shl:
        if (const ir::Inst *count = constant(v, 1))
          return std::min(native_bits, width(v, 0) + static_cast<unsigned>(count->imm & (bits - 1)));
        return native_bits;
      // The kernel's verifier follows only shifts by constants.
      case Op::LShr: {
        const ir::Inst *count = constant(v, 1);
        if (count == nullptr) return native_bits;
        const unsigned from = extended(v, 0, bits), by = static_cast<unsigned>(count->imm & (bits - 1));
        return from > by ? from - by : 0;
      }
      case Op::AShr:
        return constant(v, 1) != nullptr && width(v, 0) < bits ? width(v, 0) : native_bits;
      // The quotient of a small number is small, but the kernel's verifier knows nothing of what it divides.
      case Op::UDiv:
      case Op::UMod:
      case Op::SDiv:
      case Op::SMod:
        return native_bits;
      case Op::Bswap:
        return bits;
      case Op::ICmp:
        return 1;
      case Op::Select:
        return std::max(width(v, 1), width(v, 2));
      case Op::Zext: {
        const unsigned from = ir::bits_of(fn_[fn_.operand(v, 0)].type);
        return std::min(width(v, 0), from);
      }
      case Op::Sext: {
        const unsigned from = ir::bits_of(fn_[fn_.operand(v, 0)].type);
        return width(v, 0) < from ? width(v, 0) : native_bits;
      }
      case Op::Trunc:
        return width(v, 0);
      case Op::PtrToInt:
      case Op::IntToPtr:
        return width(v, 0);
      case Op::Phi: {
        unsigned most = 0;
        for (const ValueId operand : fn_.operands(v)) most = std::max(most, width(operand));
        return most;
      }
      case Op::Load:
      case Op::LoadAbs:
      case Op::LoadInd:
        return bits;
      case Op::AtomicAdd:
      case Op::AtomicOr:
      case Op::AtomicAnd:
      case Op::AtomicXor:
      case Op::AtomicXchg:
      case Op::CmpXchg:
        return bits;
      case Op::PtrAdd:
      case Op::AddrSpaceCast:
      case Op::Asm:
      case Op::AsmOutput:
      case Op::AsmGoto:
      case Op::IsConstant:
      case Op::Opaque:  // the optimizer knows nothing of it, and neither do we
      case Op::CallHelper:
      case Op::Call:
      case Op::Const:
      case Op::Undef:
      case Op::Param:
      case Op::GlobalAddr:
      case Op::FuncAddr:
      case Op::SlotAddr:
      case Op::CoreValue:
        return 64;
      case Op::Barrier:
      case Op::Store:
      case Op::MemCopy:
      case Op::MemSet:
      case Op::Jump:
      case Op::Branch:
      case Op::Switch:
      case Op::Ret:
      case Op::Unreachable:
        return 0;
    }
    SPILE_UNREACHABLE("an operation that is not in ops.def");
  }

  const ir::Function &fn_;
  const Target &target_;
  std::vector<uint8_t> width_;
};

}  // namespace

std::vector<uint8_t> register_widths(const ir::Function &function, const Target &target,
                                     const std::vector<uint32_t> &block_order) {
  return Widths(function, target).run(block_order);
}

}  // namespace spile::isel
