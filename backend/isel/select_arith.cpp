// Arithmetic: two-address operations, shifts, division, extension.
#include <algorithm>
#include <bit>
#include <utility>

#include "backend/isel/selector.h"
#include "ir/analysis_address.h"

namespace spile::isel {

using ir::Op;

namespace {

isa::AluOp alu_op(Op op) {
  switch (op) {
    case Op::Add:
      return isa::ADD;
    case Op::Sub:
      return isa::SUB;
    case Op::Mul:
      return isa::MUL;
    case Op::And:
      return isa::AND;
    case Op::Or:
      return isa::OR;
    case Op::Xor:
      return isa::XOR;
    case Op::Shl:
      return isa::LSH;
    case Op::LShr:
      return isa::RSH;
    case Op::AShr:
      return isa::ARSH;
    case Op::UDiv:
    case Op::SDiv:
      return isa::DIV;
    case Op::UMod:
    case Op::SMod:
      return isa::MOD;
    default:
      SPILE_UNREACHABLE("not an arithmetic operation with two operands");
  }
}

constexpr int16_t kSignedDivision = 1;  // off of DIV and MOD, RFC 9669 section 4.1

}  // namespace

// Whether [v] points into a frame, or may: a static function may have been given such a pointer.
//
// Kernel: Linux 6.18 forgets into which frame a pointer leads when it is added to a number (adjust_ptr_min_max_vals
// leaves the number's frameno), and takes it for one into the program's. So the number is added to the pointer. Other
// functions than static ones are verified by themselves, and what they are given is in no frame or in the program's.
bool Selector::may_be_stack_address(ValueId v) const {
  const ValueId pointer = inst(v).op == Op::PtrToInt ? fn_.operand(v, 0) : v;
  if (inst(pointer).type != ir::Type::Ptr) return false;
  const Op root = inst(ir::address_of(fn_, pointer).base).op;
  const bool is_static = fn_.linkage == ir::Linkage::Static && fn_.section.empty();
  return root == Op::SlotAddr || (root == Op::Param && is_static);
}

// The first operand of a machine operation is overwritten: an address in a frame in any case. Else best is one that
// nobody else needs; of two such, one that goes round a loop in its register, then one that was not kept across a call
// in one of the few registers for that. Before all these is one that nobody else needs but where it is joined with [v],
// the result, as in `if (c) a += b`: both are one register then.
bool Selector::is_better_overwritten(ValueId v, ValueId a, ValueId b) const {
  if (may_be_stack_address(a) != may_be_stack_address(b)) return may_be_stack_address(a);
  const ValueId joined_by = joined_by_[v.index];
  const auto score = [&](ValueId x) {
    const bool is_joined = joined_by && last_read_by_[x.index] == v &&
                           std::ranges::find(fn_.operands(joined_by), x) != fn_.operands(joined_by).end();
    const bool dies = overwrite_uses_[x.index] == 1;
    const bool is_carried = inst(x).op == Op::Phi && flow_.loop_header[inst(x).block.index] == inst(x).block.index;
    return (is_joined ? 8 : 0) + (dies ? 4 : 0) + (is_carried ? 2 : 0) + (calls_before_[x.index] == calls_ ? 1 : 0);
  };
  return score(a) > score(b);
}

void Selector::select_binary(ValueId v) {
  const Op op = inst(v).op;
  ValueId a = fn_.operand(v, 0), b = fn_.operand(v, 1);
  const unsigned width = native(bits(v));
  if (op != Op::Sub) {
    if (is_constant(a)) std::swap(a, b);
    if (!is_constant(b) && is_better_overwritten(v, b, a)) std::swap(a, b);
  }
  if (is_core_imm(a) && op != Op::Sub) std::swap(a, b);
  const Reg dst = result(v);
  if (is_core_imm(b) && !is_constant(a)) {
    move_value(dst, a);
    return alu_core(alu_op(op), width, dst, b);
  }
  if (!is_constant(b)) {
    if (op == Op::Sub && is_constant(a) && register_constant(a) == 0) {
      copy(dst, reg(b));
      return unary(isa::NEG, width, dst);
    }
    const Reg right = reg(b);
    move_value(dst, a);
    return alu(alu_op(op), width, dst, right);
  }
  // A small number that a narrow one becomes less by is subtracted. Modulo 2^8 that is to add 255, but a verifier's
  // range would grow by 255 with each round of a loop then, and no round look like the one before.
  const bool is_sum = op == Op::Add || op == Op::Sub;
  const int64_t imm = is_sum && bits(v) < width ? inst(b).imm : register_constant(b);
  if (op == Op::And && width == 64 && imm == 0xffff'ffff && target_.has_alu32()) {
    emit({.form = mir::Form::Mov, .opcode = isa::opcode(isa::ALU, isa::MOV, isa::X), .dst = dst, .src = reg(a)});
    return;
  }
  move_value(dst, a);
  if (op == Op::Sub) {
    const auto negated = static_cast<int64_t>(0 - static_cast<uint64_t>(imm));
    return alu_imm(imm == INT32_MIN ? isa::SUB : isa::ADD, width, dst, imm == INT32_MIN ? imm : negated);
  }
  // A mask of the lower half clears the upper one, as every 32-bit operation does.
  const bool is_low_mask = op == Op::And && imm > INT32_MAX && imm <= UINT32_MAX && target_.has_alu32();
  alu_imm(alu_op(op), is_low_mask ? 32 : width, dst, imm);
}

void Selector::select_shift(ValueId v) {
  const Op op = inst(v).op;
  const ValueId a = fn_.operand(v, 0), count = fn_.operand(v, 1);
  const unsigned n = bits(v), width = native(n);
  const Reg from = n == width       ? reg(a)
                   : op == Op::LShr ? zero_extended(a, n)
                   : op == Op::AShr ? sign_extended(a, n, width)
                                    : reg(a);
  const Reg dst = result(v);
  if (is_constant(count)) {
    copy(dst, from);
    // By 0 as well, which unoptimized code has: the operation, not the copy, clears the upper half (widths.h).
    return alu_imm(alu_op(op), width, dst, inst(count).imm & (n - 1));
  }
  if (n == width && is_core_imm(count)) {
    copy(dst, from);
    return alu_core(alu_op(op), width, dst, count);
  }
  Reg by = reg(count);
  if (n < width) {  // the machine masks by its own width
    const Reg masked = out_.new_register();
    copy(masked, by);
    alu_imm(isa::AND, width, masked, n - 1);
    by = masked;
  }
  copy(dst, from);
  alu(alu_op(op), width, dst, by);
}

void Selector::select_unsigned_division(ValueId v) {
  const ValueId a = fn_.operand(v, 0), b = fn_.operand(v, 1);
  const unsigned n = bits(v), width = native(n);
  const Reg from = n < width ? zero_extended(a, n) : reg(a);
  const Reg dst = result(v);
  // The verifier rejects an immediate of 0.
  if (is_constant(b) && inst(b).imm != 0) {
    const int64_t divisor = n < 64 ? inst(b).imm & ((int64_t{1} << n) - 1) : inst(b).imm;
    copy(dst, from);
    return alu_imm(alu_op(inst(v).op), width, dst, divisor);
  }
  const Reg divisor = n < width ? zero_extended(b, n) : reg(b);
  copy(dst, from);
  alu(alu_op(inst(v).op), width, dst, divisor);
}

// Without signed division: the magnitudes are divided, then the sign is put back; a remainder has the sign of the
// dividend. |INT_MIN| is right as an unsigned number, and x / 0 = 0, x % 0 = x come out of the unsigned operation.
// Branches, not masks: on the path of non-negative numbers the verifier keeps the range.
void Selector::select_signed_division(ValueId v) {
  const ValueId a = fn_.operand(v, 0), b = fn_.operand(v, 1);
  const unsigned n = bits(v), width = native(n);
  const isa::AluOp op = alu_op(inst(v).op);
  const Reg dividend = sign_extended(a, n, width);
  const int64_t constant = inst(b).imm;
  const bool is_constant_divisor = is_constant(b) && constant != 0;
  const bool is_negative = is_constant_divisor && constant < 0;
  const Reg divisor = is_constant_divisor ? Reg{} : sign_extended(b, n, width);
  const Reg dst = result(v);
  if (target_.has_signed_division()) {
    copy(dst, dividend);
    if (!is_constant_divisor) return alu(op, width, dst, divisor, kSignedDivision);
    alu_imm(op, width, dst, constant);
    // A divisor that did not fit is in a register by now; either way the operation is the signed one.
    out_[current_].insts.back().off = kSignedDivision;
    return;
  }
  const bool is_quotient = op == isa::DIV;
  if (is_constant_divisor && constant > 1 && std::has_single_bit(static_cast<uint64_t>(constant)))
    return divide_by_power(op, width, dst, dividend, static_cast<unsigned>(std::countr_zero(uint64_t(constant))));
  // A 64-bit quotient, remainder or divisor register is written again below: they are copies of their own.
  const Reg magnitude = out_.new_register();
  copy(magnitude, dividend);
  negate_if_negative(magnitude, magnitude, width);
  Reg sign = dividend;
  if (is_constant_divisor) {
    const uint64_t positive = is_negative ? 0 - static_cast<uint64_t>(constant) : static_cast<uint64_t>(constant);
    alu_imm(op, width, magnitude, static_cast<int64_t>(width == 32 ? positive & 0xffff'ffff : positive));
  } else {
    const Reg positive = out_.new_register();
    copy(positive, divisor);
    negate_if_negative(positive, positive, width);
    if (is_quotient) {
      sign = out_.new_register();
      copy(sign, dividend);
      alu(isa::XOR, width, sign, divisor);
    }
    alu(op, width, magnitude, positive);
  }
  if (is_quotient && is_negative) unary(isa::NEG, width, magnitude);
  negate_if_negative(magnitude, sign, width);
  copy(dst, magnitude);
}

// Rounded to 0: a negative number gets 2^k - 1 on top, which is its sign shifted down. So there is one path, and the
// verifier knows both ends of what comes out.
void Selector::divide_by_power(isa::AluOp op, unsigned width, Reg dst, Reg dividend, unsigned k) {
  const Reg bias = out_.new_register();
  copy(bias, dividend);
  if (k > 1) alu_imm(isa::ARSH, width, bias, width - 1);
  alu_imm(isa::RSH, width, bias, width - k);
  if (op == isa::DIV) {
    alu(isa::ADD, width, bias, dividend);
    alu_imm(isa::ARSH, width, bias, k);
    return copy(dst, bias);
  }
  const Reg rest = out_.new_register();
  copy(rest, dividend);
  alu(isa::ADD, width, rest, bias);
  alu_imm(isa::AND, width, rest, static_cast<int64_t>((uint64_t{1} << k) - 1));
  alu(isa::SUB, width, rest, bias);
  copy(dst, rest);
}

// if sign s< 0: value = -value
void Selector::negate_if_negative(Reg value, Reg sign, unsigned width) {
  const mir::BlockId negate = new_block(), after = new_block();
  // 64-bit registers hold sign-extended values here, so the comparison has the operation's width.
  compare_registers(ir::Pred::Slt, width, sign, {}, 0, negate, after, 0);
  begin_block(negate);
  unary(isa::NEG, width, value);
  jump(after);
  begin_block(after);
}

// A load that only this sign extension to 64 bits reads does it itself. One that CO-RE relocates stays plain: loaders
// change its size as that of an unsigned one.
bool Selector::load_signed(ValueId extension) {
  const ValueId from = fn_.operand(extension, 0);
  const auto at = plain_loads_.find(from.index);
  if (at == plain_loads_.end() || uses_[from.index] != 1 || bits(extension) != 64) return false;
  mir::Inst &load = out_[at->second.block].insts[at->second.index];
  if (load.core != mir::Inst::kNoCore) return false;
  load.opcode = isa::mem_opcode(isa::LDX, isa::MEMSX, static_cast<isa::Size>(load.opcode & isa::DW));
  return true;
}

void Selector::select_extension(ValueId v) {
  const ValueId from = fn_.operand(v, 0);
  const unsigned n = bits(from);
  const Op op = inst(v).op;
  if (op == Op::Sext && load_signed(v)) return alias(v, regs_[from.index]);
  const Reg to = op == Op::Zext   ? zero_extended(from, n)
                 : op == Op::Sext ? sign_extended(from, n, bits(v))
                                  : reg(from);  // Trunc, PtrToInt, IntToPtr, Opaque
  if (to == regs_[from.index]) calls_before_[v.index] = calls_before_[from.index];
  alias(v, to);
}

// A move whose off says what it is (uapi/linux/bpf.h, BPF_ADDR_SPACE_CAST).
void Selector::select_address_space_cast(ValueId v) {
  constexpr int32_t kAddressSpaceCast = 1;
  emit({.form = mir::Form::Mov,
        .opcode = isa::opcode(isa::ALU64, isa::MOV, isa::X),
        .dst = result(v),
        .src = reg(fn_.operand(v, 0)),
        .off = kAddressSpaceCast,
        .imm = inst(v).imm});
}

void Selector::select_ptr_add(ValueId v) {
  // A constant distance from a global or from the frame is part of the address.
  ValueId base = v;
  int64_t off = 0;
  while (inst(base).op == Op::PtrAdd && is_constant(fn_.operand(base, 1))) {
    off += inst(fn_.operand(base, 1)).imm;
    base = fn_.operand(base, 0);
  }
  const Op base_op = inst(base).op;
  if ((base_op == Op::GlobalAddr || base_op == Op::SlotAddr) && off == static_cast<int32_t>(off)) {
    mir::Inst made = unplaced_inst(base);
    if (base_op == Op::SlotAddr)
      made.off = static_cast<int32_t>(off);
    else
      made.imm = off;
    return alias(v, shared(made));
  }
  ValueId a = fn_.operand(v, 0), b = fn_.operand(v, 1);
  const Reg dst = result(v);
  if (is_constant(b)) {
    copy(dst, reg(a));
    return alu_imm(isa::ADD, 64, dst, inst(b).imm);
  }
  if (is_core_imm(b)) {
    copy(dst, reg(a));
    return alu_core(isa::ADD, 64, dst, b);
  }
  // container_of: p + (0 - offset)
  const bool is_core_sub = inst(b).op == Op::Sub && is_constant(fn_.operand(b, 0)) &&
                           inst(fn_.operand(b, 0)).imm == 0 && is_core_imm(fn_.operand(b, 1));
  if (is_core_sub) {
    copy(dst, reg(a));
    return alu_core(isa::SUB, 64, dst, fn_.operand(b, 1));
  }
  if (is_better_overwritten(v, b, a)) std::swap(a, b);
  const Reg right = reg(b);
  copy(dst, reg(a));
  alu(isa::ADD, 64, dst, right);
}

}  // namespace spile::isel
