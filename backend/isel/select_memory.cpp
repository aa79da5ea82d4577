// Memory: addressing, loads and stores, atomics, copies of blocks.
//
// The verifier insists on aligned access to the stack, so an access that is not known to be aligned is made of pieces,
// as clang does.
#include <algorithm>
#include <bit>

#include "backend/isel/selector.h"
#include "ir/analysis_address.h"
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/codegen.def"
#include "support/diag_table.h"

namespace spile::isel {

using ir::Op;
using mir::Form;

namespace {

// A copy or fill of more pieces than this becomes a loop.
constexpr uint32_t kMaxUnrolledPieces = 96;

isa::Size size_of(uint32_t bytes) {
  switch (bytes) {
    case 1:
      return isa::B;
    case 2:
      return isa::H;
    case 4:
      return isa::W;
    case 8:
      return isa::DW;
    default:
      SPILE_UNREACHABLE("a memory access of a size that eBPF does not have");
  }
}

bool fits_offset(int64_t off, uint32_t bytes) { return off >= INT16_MIN && off + bytes <= INT16_MAX; }

}  // namespace

Selector::Address Selector::address_of(ValueId pointer, int64_t offset, uint32_t bytes) {
  ValueId base = pointer;
  int64_t off = offset;
  while (inst(base).op == Op::PtrAdd && is_constant(fn_.operand(base, 1))) {
    off += inst(fn_.operand(base, 1)).imm;
    base = fn_.operand(base, 0);
  }
  // The slot itself may be up to 512 bytes below the frame pointer.
  if (inst(base).op == Op::SlotAddr && off >= -512 && fits_offset(off + 512, bytes))
    return {.base = {}, .slot = mir::SlotId(static_cast<size_t>(inst(base).imm)), .off = static_cast<int32_t>(off)};
  if (fits_offset(off, bytes)) return {.base = reg(base), .slot = {}, .off = static_cast<int32_t>(off)};
  // Too far: the given pointer, and its own offset added where that does not fit either.
  const Reg far = reg(pointer);
  if (fits_offset(offset, bytes)) return {.base = far, .slot = {}, .off = static_cast<int32_t>(offset)};
  const Reg sum = out_.new_register();
  copy(sum, far);
  alu_imm(isa::ADD, 64, sum, offset);
  return {.base = sum, .slot = {}, .off = 0};
}

Selector::Address Selector::access_address(ValueId pointer, int64_t offset, uint32_t bytes) {
  if (offset == 0 && inst(pointer).op == Op::PtrAdd) {
    const ValueId core = fn_.operand(pointer, 1);
    const bool is_offset = is_core_imm(core) && core_reloc(core).kind == tables::CoreKind::FieldByteOffset;
    if (is_offset && fits_offset(core_reloc(core).value, bytes))
      return {.base = reg(fn_.operand(pointer, 0)),
              .slot = {},
              .off = static_cast<int32_t>(core_reloc(core).value),
              .core = static_cast<uint32_t>(inst(core).imm)};
  }
  return address_of(pointer, offset, bytes);
}

Selector::Address Selector::advanced(Address address, int32_t by) const {
  address.off += by;
  return address;
}

void Selector::load(Reg to, const Address &from, uint32_t bytes) {
  emit({.form = Form::Load,
        .opcode = isa::mem_opcode(isa::LDX, isa::MEM, size_of(bytes)),
        .dst = to,
        .src = from.base,
        .off = from.off,
        .core = from.core,
        .slot = from.slot});
}

void Selector::store(const Address &to, Reg value, uint32_t bytes) {
  emit({.form = Form::Store,
        .opcode = isa::mem_opcode(isa::STX, isa::MEM, size_of(bytes)),
        .dst = to.base,
        .src = value,
        .off = to.off,
        .core = to.core,
        .slot = to.slot});
}

void Selector::store_imm(const Address &to, int64_t value, uint32_t bytes) {
  if (bytes == 8 && value != static_cast<int32_t>(value)) return store(to, shared_constant(value), bytes);
  const int64_t truncated = bytes == 1   ? static_cast<uint8_t>(value)
                            : bytes == 2 ? static_cast<uint16_t>(value)
                                         : static_cast<int32_t>(value);
  emit({.form = Form::StoreImm,
        .opcode = isa::mem_opcode(isa::ST, isa::MEM, size_of(bytes)),
        .dst = to.base,
        .off = to.off,
        .core = to.core,
        .slot = to.slot,
        .imm = truncated});
}

// The largest piece that an access of [bytes] through [pointer] may use. Only the stack must be aligned on the targets
// that the kernel runs on; a pointer to the packet, or one that a helper or a load gave, is not one to the stack.
uint32_t Selector::access_size(ValueId pointer, uint32_t bytes, uint32_t align) const {
  if (align == 0 || align >= bytes) return bytes;
  const ValueId root = ir::address_of(fn_, pointer).base;
  const Op op = inst(root).op;
  if (op == Op::CallHelper || op == Op::Load || op == Op::GlobalAddr || ir::is_packet_pointer(fn_, root)) return bytes;
  return std::bit_floor(align);
}

void Selector::select_load(ValueId v) {
  const ir::Inst &i = inst(v);
  const ValueId pointer = fn_.operand(v, 0);
  const uint32_t bytes = ir::bytes_of(i.type);
  const uint32_t piece = access_size(pointer, bytes, i.align);
  const Address from = piece == bytes ? access_address(pointer, i.imm, bytes) : address_of(pointer, i.imm, bytes);
  const Reg dst = result(v);
  if (piece == bytes) {
    if (target_.has_sign_extension() && bytes < 8) plain_loads_[v.index] = {current_, out_[current_].insts.size()};
    return load(dst, from, bytes);
  }
  const unsigned width = bytes == 8 ? 64 : native(bytes * 8);
  load(dst, from, piece);
  for (uint32_t at = piece; at < bytes; at += piece) {
    const Reg part = out_.new_register();
    load(part, advanced(from, static_cast<int32_t>(at)), piece);
    alu_imm(isa::LSH, width, part, at * 8);
    alu(isa::OR, width, dst, part);
  }
}

void Selector::select_store(ValueId v) {
  const ir::Inst &i = inst(v);
  const ValueId value = fn_.operand(v, 0), pointer = fn_.operand(v, 1);
  const uint32_t bytes = ir::bytes_of(inst(value).type);
  const uint32_t piece = access_size(pointer, bytes, i.align);
  const Address to = piece == bytes ? access_address(pointer, i.imm, bytes) : address_of(pointer, i.imm, bytes);
  if (is_constant(value)) {
    for (uint32_t at = 0; at < bytes; at += piece)
      store_imm(advanced(to, static_cast<int32_t>(at)), inst(value).imm >> (at * 8), piece);
    return;
  }
  const Reg whole = reg(value);
  store(to, whole, piece);
  for (uint32_t at = piece; at < bytes; at += piece) {
    const Reg part = out_.new_register();
    copy(part, whole);
    alu_imm(isa::RSH, bytes == 8 ? 64 : native(bytes * 8), part, at * 8);
    store(advanced(to, static_cast<int32_t>(at)), part, piece);
  }
}

void Selector::select_atomic(ValueId v) {
  const ir::Inst &i = inst(v);
  const bool is_exchange = i.op == Op::CmpXchg;
  const ValueId value = fn_.operand(v, is_exchange ? 1 : 0), pointer = fn_.operand(v, is_exchange ? 2 : 1);
  const uint32_t bytes = ir::bytes_of(inst(value).type);
  const bool wants_old = is_exchange || i.op == Op::AtomicXchg || uses_[v.index] != 0;
  if (bytes != 4 && bytes != 8) {
    diags_.report<diag::AtomicSize>(i.loc, bytes).hint("use a variable of 4 or 8 bytes");
    return;
  }
  if (!target_.has_fetch_atomics() && (wants_old || i.op != Op::AtomicAdd)) {
    diags_.report<diag::AtomicNeedsV3>(i.loc, target_.cpu).hint("build with `-mcpu=v3`");
    return;
  }
  int32_t operation = isa::kAtomicAdd;
  switch (i.op) {
    case Op::AtomicOr:
      operation = isa::kAtomicOr;
      break;
    case Op::AtomicAnd:
      operation = isa::kAtomicAnd;
      break;
    case Op::AtomicXor:
      operation = isa::kAtomicXor;
      break;
    case Op::AtomicXchg:
      operation = isa::kAtomicXchg;
      break;
    case Op::CmpXchg:
      operation = isa::kAtomicCmpxchg;
      break;
    default:
      break;
  }
  if (wants_old && i.op != Op::AtomicXchg && !is_exchange) operation |= isa::kAtomicFetch;
  const Address at = access_address(pointer, i.imm, bytes);
  mir::Inst made{.form = Form::Atomic,
                 .opcode = isa::mem_opcode(isa::STX, isa::ATOMIC, size_of(bytes)),
                 .dst = at.base,
                 .off = at.off,
                 .core = at.core,
                 .slot = at.slot,
                 .imm = operation};
  if (is_exchange) {
    const Reg replacement = reg(value);
    move_value(mir::kResult, fn_.operand(v, 0));
    made.src = replacement;
    emit(made);
    return copy(result(v), mir::kResult);
  }
  if (!wants_old) {
    made.src = reg(value);
    emit(made);
    return;
  }
  // The register of the value gets the old value.
  const Reg dst = result(v);
  move_value(dst, value);
  made.src = dst;
  emit(made);
}

uint32_t Selector::block_access_size(ValueId v) const {
  const ir::Inst &i = inst(v);
  uint32_t align = i.align;
  if (align == 0) {
    // Unknown: what the size and the slots say.
    align = static_cast<uint32_t>(i.imm & -i.imm);
    const size_t pointers = i.op == Op::MemCopy ? 2 : 1;
    for (size_t k = 0; k < pointers; k++) {
      ValueId base = fn_.operand(v, k);
      uint32_t off = 0;
      while (inst(base).op == Op::PtrAdd) {
        const ir::Inst &by = inst(fn_.operand(base, 1));
        off |= by.op == Op::Const ? static_cast<uint32_t>(by.imm) : 1u;
        base = fn_.operand(base, 0);
      }
      if (inst(base).op != Op::SlotAddr) continue;
      align = std::min(align, fn_.slots[static_cast<size_t>(inst(base).imm)].align);
      if (off != 0) align = std::min(align, off & (0 - off));
    }
  }
  return std::clamp<uint32_t>(std::bit_floor(align), 1, 8);
}

void Selector::select_memcopy(ValueId v) {
  const ir::Inst &i = inst(v);
  const auto size = static_cast<uint32_t>(i.imm);
  if (size == 0) return;
  uint32_t piece = block_access_size(v);
  Address to = address_of(fn_.operand(v, 0), 0, size), from = address_of(fn_.operand(v, 1), 0, size);
  if (size / piece <= kMaxUnrolledPieces) {
    for (uint32_t at = 0; at < size; at += piece) {
      while (at + piece > size) piece /= 2;
      const Reg part = out_.new_register();
      load(part, advanced(from, static_cast<int32_t>(at)), piece);
      store(advanced(to, static_cast<int32_t>(at)), part, piece);
    }
    return;
  }
  while (size % piece != 0) piece /= 2;
  const Reg to_reg = out_.new_register(), from_reg = out_.new_register(), left = out_.new_register();
  copy(to_reg, reg(fn_.operand(v, 0)));
  copy(from_reg, reg(fn_.operand(v, 1)));
  mir::Inst count = constant_inst(size);
  count.dst = left;
  emit(count);
  const mir::BlockId body = new_block(), after = new_block();
  jump(body);
  begin_block(body);
  out_[body].loop_depth++;
  const Reg part = out_.new_register();
  load(part, {.base = from_reg, .slot = {}, .off = 0}, piece);
  store({.base = to_reg, .slot = {}, .off = 0}, part, piece);
  alu_imm(isa::ADD, 64, to_reg, piece);
  alu_imm(isa::ADD, 64, from_reg, piece);
  alu_imm(isa::ADD, 64, left, -static_cast<int64_t>(piece));
  cond_jump(isa::JNE, 64, left, {}, 0, body, 1);
  jump(after);
  begin_block(after);
}

void Selector::select_memset(ValueId v) {
  const ir::Inst &i = inst(v);
  const auto size = static_cast<uint32_t>(i.imm);
  if (size == 0) return;
  uint32_t piece = block_access_size(v);
  const ValueId value = fn_.operand(v, 1);
  constexpr uint64_t kEveryByte = 0x0101'0101'0101'0101;
  const auto constant = static_cast<int64_t>(static_cast<uint8_t>(inst(value).imm) * kEveryByte);
  Reg pattern;
  if (!is_constant(value)) {
    pattern = out_.new_register();
    copy(pattern, zero_extended(value, 8));
    alu_imm(isa::MUL, 64, pattern, static_cast<int64_t>(kEveryByte));
  }
  const auto fill = [&](const Address &at, uint32_t bytes) {
    if (pattern.valid()) return store(at, pattern, bytes);
    store_imm(at, constant, bytes);
  };
  const Address to = address_of(fn_.operand(v, 0), 0, size);
  if (size / piece <= kMaxUnrolledPieces) {
    for (uint32_t at = 0; at < size; at += piece) {
      while (at + piece > size) piece /= 2;
      fill(advanced(to, static_cast<int32_t>(at)), piece);
    }
    return;
  }
  while (size % piece != 0) piece /= 2;
  const Reg to_reg = out_.new_register(), left = out_.new_register();
  copy(to_reg, reg(fn_.operand(v, 0)));
  mir::Inst count = constant_inst(size);
  count.dst = left;
  emit(count);
  const mir::BlockId body = new_block(), after = new_block();
  jump(body);
  begin_block(body);
  out_[body].loop_depth++;
  on_spine_ = false;
  fill({.base = to_reg, .slot = {}, .off = 0}, piece);
  on_spine_ = true;
  alu_imm(isa::ADD, 64, to_reg, piece);
  alu_imm(isa::ADD, 64, left, -static_cast<int64_t>(piece));
  cond_jump(isa::JNE, 64, left, {}, 0, body, 1);
  jump(after);
  begin_block(after);
}

}  // namespace spile::isel
