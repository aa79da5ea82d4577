// Registers of values, constants, extension, and the emission of single instructions.
#include <algorithm>

#include "backend/isel/selector.h"

namespace spile::isel {

using ir::Op;
using mir::Form;

namespace {

// How deep a tree of truth values is taken apart into jumps.
constexpr unsigned kMaxConditionDepth = 12;

bool fits_int32(int64_t value) { return value == static_cast<int32_t>(value); }
// What the target's value may need more than 32 bits for, and has them in clang's code.
bool is_wide_core(const ir::CoreReloc &core) {
  return core.kind == tables::CoreKind::EnumvalValue || core.kind == tables::CoreKind::TypeIdLocal ||
         core.kind == tables::CoreKind::TypeIdTarget;
}

bool fits_uint32(int64_t value) { return value == static_cast<int64_t>(static_cast<uint32_t>(value)); }

}  // namespace

bool Selector::is_unplaced(ValueId v) const {
  const Op op = inst(v).op;
  return op == Op::Const || op == Op::Undef || op == Op::GlobalAddr || op == Op::FuncAddr || op == Op::SlotAddr ||
         op == Op::CoreValue;
}

bool Selector::is_core_imm(ValueId v) const {
  return inst(v).op == Op::CoreValue && !is_wide_core(core_reloc(v)) && fits_int32(core_reloc(v).value);
}

// A comparison may be repeated where it is used; a combination of truth values has one user, so that it is taken apart
// once. Everything else is computed as 0 or 1 where it stands.
void Selector::find_lazy_values() {
  laziness_.assign(fn_.insts.size(), 0);
  for (const uint32_t block : flow_.order)
    for (const ValueId v : fn_.blocks[block].insts) {
      const ir::Inst &i = inst(v);
      if (i.type != ir::Type::I1) continue;
      const bool combines = i.op == Op::And || i.op == Op::Or || i.op == Op::Xor || i.op == Op::Select;
      if (i.op != Op::ICmp && !(combines && uses_[v.index] == 1)) continue;
      unsigned depth = 0;
      for (const ValueId operand : fn_.operands(v)) depth = std::max<unsigned>(depth, laziness_[operand.index]);
      if (depth < kMaxConditionDepth) laziness_[v.index] = static_cast<uint8_t>(depth + 1);
    }
}

mir::Reg Selector::reg(ValueId v) {
  if (is_unplaced(v)) return shared(unplaced_inst(v));
  if (is_lazy(v)) return truth_value(v);
  Reg &r = regs_[v.index];
  if (!r.valid()) r = out_.new_register();
  return r;
}

// A phi may have been asked for before its block was reached: it keeps that register.
mir::Reg Selector::result(ValueId v) { return reg(v); }

int64_t Selector::register_constant(ValueId v) const {
  const unsigned n = bits(v);
  const int64_t value = inst(v).imm;
  if (n == 64 || (n == 32 && !target_.has_alu32())) return value;
  return static_cast<int64_t>(static_cast<uint64_t>(value) & ((uint64_t{1} << n) - 1));
}

mir::Inst Selector::constant_inst(int64_t value) const {
  if (fits_int32(value)) return {.form = Form::Mov, .opcode = isa::opcode(isa::ALU64, isa::MOV, isa::K), .imm = value};
  if (fits_uint32(value) && target_.has_alu32())
    return {.form = Form::Mov, .opcode = isa::opcode(isa::ALU, isa::MOV, isa::K), .imm = static_cast<int32_t>(value)};
  return {.form = Form::LoadConst, .opcode = isa::mem_opcode(isa::LD, isa::IMM, isa::DW), .imm = value};
}

mir::Inst Selector::unplaced_inst(ValueId v) {
  const ir::Inst &i = inst(v);
  const uint8_t wide = isa::mem_opcode(isa::LD, isa::IMM, isa::DW);
  switch (i.op) {
    case Op::Const: {
      mir::Inst made = constant_inst(register_constant(v));
      // As clang does: a 32-bit constant is a 32-bit move.
      if (made.form == Form::Mov && bits(v) <= 32 && target_.has_alu32()) {
        made.opcode = isa::opcode(isa::ALU, isa::MOV, isa::K);
        made.imm = static_cast<int32_t>(made.imm);
      }
      return made;
    }
    case Op::GlobalAddr:
      return {.form = Form::LoadGlobal, .opcode = wide, .symbol = static_cast<uint32_t>(i.imm)};
    case Op::FuncAddr:
      return {.form = Form::LoadFunc, .opcode = wide, .symbol = static_cast<uint32_t>(i.imm)};
    case Op::SlotAddr:
      return {.form = Form::FrameAddr,
              .opcode = isa::opcode(isa::ALU64, isa::ADD, isa::K),
              .slot = mir::SlotId(static_cast<size_t>(i.imm))};
    case Op::CoreValue: {
      const ir::CoreReloc &core = core_reloc(v);
      mir::Inst made = constant_inst(core.value);
      // The loader may put any 64-bit number where clang has a 64-bit load; a 32-bit value is a 32-bit move.
      if (is_wide_core(core))
        made = {.form = Form::LoadConst, .opcode = wide, .imm = core.value};
      else if (bits(v) == 32 && target_.has_alu32() && made.form == Form::Mov)
        made.opcode = isa::opcode(isa::ALU, isa::MOV, isa::K);
      made.core = static_cast<uint32_t>(i.imm);
      return made;
    }
    default:
      return constant_inst(0);  // Undef: the verifier wants every register that is read to be set
  }
}

mir::Reg Selector::shared(mir::Inst proto) {
  const ProtoKey key{proto.form, proto.opcode, proto.form == Form::FrameAddr ? proto.slot.index : proto.symbol,
                     proto.off,  proto.imm,    proto.core};
  proto.loc = loc_;
  if (flow_.loop_depth[ir_block_] > 0) {
    // Before the outermost loop. Allocation repeats it inside when registers are scarce.
    uint32_t header = flow_.loop_header[ir_block_];
    while (flow_.outer_header[header] != mir::Flow::kNone) header = flow_.outer_header[header];
    uint32_t place = flow_.idom[header];
    while (place != mir::Flow::kNone && flow_.loop_depth[place] > 0) place = flow_.idom[place];
    if (place != mir::Flow::kNone) {
      if (hoisted_for_ != header) hoisted_.clear();
      hoisted_for_ = header;
      auto [at, is_new] = hoisted_.try_emplace(key, Reg{});
      if (is_new) {
        at->second = proto.dst = out_.new_register();
        hoisted_insts_.push_back({place, proto});
      }
      return at->second;
    }
  }
  if (auto at = in_block_.find(key); at != in_block_.end()) return at->second;
  proto.dst = out_.new_register();
  const Reg made = proto.dst;
  emit(proto);
  if (on_spine_) in_block_.emplace(key, made);
  return made;
}

void Selector::move_value(Reg to, ValueId v) {
  if (!is_unplaced(v)) return copy(to, reg(v));
  mir::Inst made = unplaced_inst(v);
  made.dst = to;
  emit(made);
}

mir::Reg Selector::zero_extended(ValueId v, unsigned from) {
  const Reg source = reg(v);
  if (widths_[v.index] <= from) return source;
  const Reg to = out_.new_register();
  if (from == 32 && target_.has_alu32()) {
    emit({.form = Form::Mov, .opcode = isa::opcode(isa::ALU, isa::MOV, isa::X), .dst = to, .src = source});
    return to;
  }
  copy(to, source);
  if (from == 32) {
    alu_imm(isa::LSH, 64, to, 32);
    alu_imm(isa::RSH, 64, to, 32);
  } else {
    alu_imm(isa::AND, native(from), to, (int64_t{1} << from) - 1);
  }
  return to;
}

mir::Reg Selector::sign_extended(ValueId v, unsigned from, unsigned to_bits) {
  const Reg source = reg(v);
  if (widths_[v.index] < from || from >= to_bits) return source;
  const Reg to = out_.new_register();
  const unsigned width = native(to_bits);
  if (target_.has_sign_extension() && from > 1) {
    emit({.form = Form::Mov,
          .opcode = isa::opcode(width == 32 ? isa::ALU : isa::ALU64, isa::MOV, isa::X),
          .dst = to,
          .src = source,
          .off = static_cast<int32_t>(from)});
    return to;
  }
  copy(to, source);
  alu_imm(isa::LSH, width, to, width - from);
  alu_imm(isa::ARSH, width, to, width - from);
  return to;
}

mir::Inst &Selector::emit(mir::Inst machine_inst) {
  if (!machine_inst.loc.valid()) machine_inst.loc = loc_;
  auto &insts = out_[current_].insts;
  insts.push_back(machine_inst);
  return insts.back();
}

void Selector::copy(Reg to, Reg from) {
  if (to == from) return;
  emit({.form = Form::Mov, .opcode = isa::opcode(isa::ALU64, isa::MOV, isa::X), .dst = to, .src = from});
}

void Selector::alu(isa::AluOp op, unsigned width, Reg dst, Reg src, int16_t off) {
  emit({.form = Form::Alu,
        .opcode = isa::opcode(width == 32 ? isa::ALU : isa::ALU64, op, isa::X),
        .dst = dst,
        .src = src,
        .off = off});
}

void Selector::alu_imm(isa::AluOp op, unsigned width, Reg dst, int64_t imm) {
  if (width == 64 && !fits_int32(imm)) return alu(op, width, dst, shared_constant(imm));
  emit({.form = Form::Alu,
        .opcode = isa::opcode(width == 32 ? isa::ALU : isa::ALU64, op, isa::K),
        .dst = dst,
        .imm = static_cast<int32_t>(imm)});
}

void Selector::alu_core(isa::AluOp op, unsigned width, Reg dst, ValueId core) {
  emit({.form = Form::Alu,
        .opcode = isa::opcode(width == 32 ? isa::ALU : isa::ALU64, op, isa::K),
        .dst = dst,
        .core = static_cast<uint32_t>(inst(core).imm),
        .imm = core_reloc(core).value});
}

void Selector::unary(isa::AluOp op, unsigned width, Reg dst) {
  emit({.form = Form::Unary, .opcode = isa::opcode(width == 32 ? isa::ALU : isa::ALU64, op, isa::K), .dst = dst});
}

void Selector::swap_bytes(unsigned swapped_bits, Reg dst) {
  const uint8_t opcode = target_.has_byte_swap() ? isa::opcode(isa::ALU64, isa::END, isa::K)
                                                 : isa::opcode(isa::ALU, isa::END, isa::X);  // to big endian
  emit({.form = Form::Unary, .opcode = opcode, .dst = dst, .imm = swapped_bits});
}

void Selector::jump(mir::BlockId to) {
  emit({.form = Form::Jump, .opcode = isa::opcode(isa::JMP, isa::JA, isa::K), .target = to});
}

void Selector::cond_jump(isa::JumpOp op, unsigned width, Reg a, Reg b, int64_t imm, mir::BlockId to, int8_t weight) {
  emit({.form = Form::CondJump,
        .opcode =
            isa::opcode(width == 32 ? isa::JMP32 : isa::JMP, static_cast<uint8_t>(op), b.valid() ? isa::X : isa::K),
        .weight = weight,
        .dst = a,
        .src = b,
        .target = to,
        .imm = imm});
}

mir::BlockId Selector::new_block() {
  out_.blocks.push_back({.insts = {}, .loop_depth = flow_.loop_depth[ir_block_]});
  return mir::BlockId(out_.blocks.size() - 1);
}

}  // namespace spile::isel
