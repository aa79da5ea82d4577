// Places: lvalues as an address and an offset, and loads and stores through them, bitfields included.
#include <bit>

#include "frontend/lower/function_lowerer.h"
#include "support/check.h"

namespace spile::lower {

using ast::CastKind;
using ast::UnaryOp;
using sema::SymbolKind;

// The alignment of [align]-aligned memory, [offset] bytes further on.
static uint32_t align_at(uint32_t align, int64_t offset) {
  if (offset == 0) return align;
  const uint64_t low = static_cast<uint64_t>(offset) & (~static_cast<uint64_t>(offset) + 1);
  return static_cast<uint32_t>(std::min<uint64_t>(align, low));
}

Place FunctionLowerer::moved(Place p, int64_t by) {
  p.offset += by;
  p.align = align_at(p.align, by);
  return p;
}

ValueId FunctionLowerer::address(const Place &p) {
  if (p.offset == 0) return p.base;
  return emit(Op::PtrAdd, ir::Type::Ptr, {p.base, constant(ir::Type::I64, p.offset)});
}

ValueId FunctionLowerer::access_base(const Place &p) {
  // dst_as << 16 | src_as: from the arena's space to the kernel's, as LLVM wraps what every access goes through.
  constexpr int64_t kToKernel = 0 << 16 | 1;
  return p.is_arena ? emit(Op::AddrSpaceCast, ir::Type::Ptr, {p.base}, kToKernel) : p.base;
}

ValueId FunctionLowerer::access_address(const Place &p) {
  Place in_kernel = p;
  in_kernel.base = access_base(p);
  return address(in_kernel);
}

Place FunctionLowerer::place(const Expr *e) {
  switch (e->kind) {
    case Expr::Identifier: {
      const sema::Symbol &symbol = *e->symbol;
      if (symbol.kind == SymbolKind::Function) return {f_.func_addr(function_of(symbol)), 0, 8, false, {}, e->type};
      if (symbol.is_static_storage) {
        const uint32_t align = std::max(types::align_of(symbol.type), symbol.attributes.align);
        return {f_.global_addr(global_of(symbol)), 0, align, types::is_shared(e->type), {}, e->type,
                types::is_arena(e->type)};
      }
      const auto it = locals_.find(&symbol);
      if (it != locals_.end()) return it->second;
      // A jump past the declaration: the variable exists all the same.
      return locals_[&symbol] =
                 slot(types::size_of(symbol.type), std::max(types::align_of(symbol.type), symbol.attributes.align),
                      symbol.type, std::string(symbol.name), symbol.range.begin);
    }
    case Expr::StringLit:
      return {f_.global_addr(string_of(*e)),
              0,
              static_cast<uint32_t>(types::size_of(types::base_of(e->type))),
              false,
              {},
              e->type};
    case Expr::CompoundLit: {
      const Place at = temporary(e->type);
      initialize(at, *e->initializer);
      return at;
    }
    case Expr::Unary:
      if (e->op.unary == UnaryOp::Extension) return place(e->a);
      SPILE_CHECK(e->op.unary == UnaryOp::Deref, "an lvalue");
      {
        Place p = pointee(e->a);
        p.type = e->type;
        p.is_volatile = types::is_shared(e->type);
        return p;
      }
    case Expr::Index: {
      if (const std::optional<Place> relocated = core_place(e)) return *relocated;
      Place p = pointee(e->a);
      const uint64_t size = types::size_of(e->type);
      p.type = e->type;
      p.is_volatile |= types::is_shared(e->type);
      if (e->b->is_constant) {
        Place q = moved(p, static_cast<int64_t>(static_cast<uint64_t>(e->b->value) * size));
        return q;
      }
      const ValueId index = scalar(e->b);
      loc_ = e->op_loc.valid() ? e->op_loc : e->range.begin;
      p.base = pointer_step(address(p), types::is_complete(e->type) ? e->type : nullptr, index, e->b->type, false);
      p.offset = 0;
      p.align = align_at(p.align, static_cast<int64_t>(size));
      return p;
    }
    case Expr::Member: {
      if (const std::optional<Place> relocated = core_place(e)) return *relocated;
      Place base = e->is_arrow ? pointee(e->a) : e->a->is_lvalue ? place(e->a) : record_value(e->a);
      return member(base, *e->field, e->type);
    }
    case Expr::Generic:
    case Expr::ChooseExpr:
      return place(e->chosen);
    case Expr::ImplicitCast:
    case Expr::Cast:
      return record_value(e);
    case Expr::Binary: {  // GNU: the value of a comma may be an array or a record
      effect(e->a);
      return e->b->is_lvalue ? place(e->b) : record_value(e->b);
    }
    default:
      return record_value(e);
  }
}

Place FunctionLowerer::member(Place base, const ast::FieldRef &field, const Type *type) {
  Place p = moved(base, static_cast<int64_t>(field.offset));
  p.bits = field;
  p.type = type;
  p.is_volatile = base.is_volatile || types::is_shared(type);
  return p;
}

Place FunctionLowerer::pointee(const Expr *pointer) {
  if (pointer->kind == Expr::ImplicitCast && pointer->cast == CastKind::ArrayToPointer) return place(pointer->a);
  if (pointer->kind == Expr::Unary && pointer->op.unary == UnaryOp::AddressOf && !pointer->is_constant)
    return place(pointer->a);
  const Type *t = types::base_of(pointer->type);
  const ValueId base = scalar(pointer);
  const uint32_t align = types::is_complete(t) ? types::align_of(t) : 1;
  return {base, 0, align, types::is_shared(t), {}, t, types::is_arena(t)};
}

Place FunctionLowerer::memory(const Expr *pointer) {
  while ((pointer->kind == Expr::ImplicitCast || pointer->kind == Expr::Cast) &&
         pointer->cast == CastKind::PointerToPointer &&
         types::is_arena(types::base_of(pointer->type)) == types::is_arena(types::base_of(pointer->a->type)))
    pointer = pointer->a;
  return pointee(pointer);
}

// Where a record rvalue lies: the object it is read from, or a temporary that receives it.
Place FunctionLowerer::record_value(const Expr *e) {
  if ((e->kind == Expr::ImplicitCast && e->cast == CastKind::LvalueToRvalue) ||
      (e->kind == Expr::Cast && e->cast == CastKind::NoOp))
    return e->a->is_lvalue ? place(e->a) : record_value(e->a);
  const Place at = temporary(e->type);
  into(e, at);
  return at;
}

ValueId FunctionLowerer::load_memory(const Place &p, ir::Type type, int64_t extra) {
  const ValueId v = emit(Op::Load, type, {access_base(p)}, p.offset + extra);
  const uint32_t align = align_at(p.align, extra);
  f_[v].align = align < ir::bytes_of(type) ? static_cast<uint8_t>(align) : 0;
  f_[v].is_volatile = p.is_volatile;
  return v;
}

void FunctionLowerer::store_memory(const Place &p, ValueId value, int64_t extra) {
  const ValueId v = emit(Op::Store, ir::Type::Void, {value, access_base(p)}, p.offset + extra);
  const uint32_t align = align_at(p.align, extra);
  f_[v].align = align < ir::bytes_of(f_[value].type) ? static_cast<uint8_t>(align) : 0;
  f_[v].is_volatile = p.is_volatile;
}

ValueId FunctionLowerer::load(const Place &p) {
  return p.bits.bit_width != 0 ? load_bits(p) : load_memory(p, type_of(p.type));
}

void FunctionLowerer::store(const Place &p, ValueId v) {
  if (p.bits.bit_width != 0)
    store_bits(p, v);
  else
    store_memory(p, v);
}

// A bitfield is read by its storage unit, moved to the top of the register and back down, which extends it by its sign.
ValueId FunctionLowerer::load_bits(const Place &p) {
  const ast::FieldRef &bits = p.bits;
  const ir::Type declared = type_of(p.type);
  const bool is_signed = types::is_signed(p.type);
  const bool wide = bits.unit_bytes == 8 || bits.unit_bytes == 0 || ir::bits_of(declared) == 64;
  const ir::Type work = wide ? ir::Type::I64 : ir::Type::I32;
  const unsigned width = ir::bits_of(work);
  ValueId v;
  unsigned at = bits.bit_offset;
  if (bits.unit_bytes != 0) {
    v = widen(load_memory(p, ir::integer_type(bits.unit_bytes * 8)), work, false);
  } else {
    // It lies across units: byte by byte, the first one already shifted down.
    const unsigned bytes = (bits.bit_offset + bits.bit_width + 7) / 8;
    for (unsigned i = 0; i < bytes; i++) {
      ValueId byte = widen(load_memory(p, ir::Type::I8, i), work, false);
      const int shift = static_cast<int>(8 * i) - static_cast<int>(at);
      if (shift > 0) byte = emit(Op::Shl, work, {byte, constant(work, shift)});
      if (shift < 0) byte = emit(Op::LShr, work, {byte, constant(work, -shift)});
      v = i == 0 ? byte : emit(Op::Or, work, {v, byte});
    }
    at = 0;
  }
  if (is_signed && !types::is_bool(p.type)) {
    if (width != at + bits.bit_width) v = emit(Op::Shl, work, {v, constant(work, width - at - bits.bit_width)});
    if (width != bits.bit_width) v = emit(Op::AShr, work, {v, constant(work, width - bits.bit_width)});
  } else {
    if (at != 0) v = emit(Op::LShr, work, {v, constant(work, at)});
    const bool whole = bits.unit_bytes != 0 && at + bits.bit_width == bits.unit_bytes * 8;
    if (!whole && bits.bit_width < width)
      v = emit(Op::And, work, {v, constant(work, static_cast<int64_t>((uint64_t{1} << bits.bit_width) - 1))});
  }
  if (ir::bits_of(declared) < width) return emit(Op::Trunc, declared, {v});
  if (ir::bits_of(declared) > width) return widen(v, declared, is_signed);
  return v;
}

void FunctionLowerer::store_bits(const Place &p, ValueId v) {
  const ast::FieldRef &bits = p.bits;
  const auto merge = [&](ir::Type unit, int64_t extra, unsigned at, unsigned width, ValueId value) {
    // The bits [at, at + width) of the unit become the low bits of [value], which has the unit's work type.
    const ir::Type work = f_[value].type;
    const uint64_t mask = (width >= 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1);
    if (at == 0 && width == ir::bits_of(unit)) {
      store_memory(p, ir::bits_of(work) > ir::bits_of(unit) ? emit(Op::Trunc, unit, {value}) : value, extra);
      return;
    }
    const ValueId old = widen(load_memory(p, unit, extra), work, false);
    const ValueId kept = emit(Op::And, work, {old, constant(work, static_cast<int64_t>(~(mask << at)))});
    ValueId added = emit(Op::And, work, {value, constant(work, static_cast<int64_t>(mask))});
    if (at != 0) added = emit(Op::Shl, work, {added, constant(work, at)});
    const ValueId both = emit(Op::Or, work, {kept, added});
    store_memory(p, ir::bits_of(work) > ir::bits_of(unit) ? emit(Op::Trunc, unit, {both}) : both, extra);
  };
  const auto as = [&](ir::Type work) {
    const unsigned have = ir::bits_of(f_[v].type), want = ir::bits_of(work);
    return have < want ? widen(v, work, false) : have > want ? emit(Op::Trunc, work, {v}) : v;
  };
  if (bits.unit_bytes != 0) {
    merge(ir::integer_type(bits.unit_bytes * 8), 0, bits.bit_offset, bits.bit_width,
          as(bits.unit_bytes == 8 ? ir::Type::I64 : ir::Type::I32));
    return;
  }
  ValueId rest = as(ir::Type::I64);
  unsigned at = bits.bit_offset, left = bits.bit_width;
  for (int64_t byte = 0; left > 0; byte++) {
    const unsigned now = std::min(8 - at, left);
    merge(ir::Type::I8, byte, at, now, rest);
    left -= now;
    at = 0;
    if (left > 0) rest = emit(Op::LShr, ir::Type::I64, {rest, constant(ir::Type::I64, now)});
  }
}

void FunctionLowerer::copy(const Place &to, const Place &from, uint64_t size) {
  if (size == 0) return;
  const ValueId a = access_address(to), b = access_address(from);
  const ValueId v = emit(Op::MemCopy, ir::Type::Void, {a, b}, static_cast<int64_t>(size));
  f_[v].align = static_cast<uint8_t>(std::min({to.align, from.align, 8u}));
  f_[v].is_volatile = to.is_volatile || from.is_volatile;
}

void FunctionLowerer::clear(const Place &at, uint64_t size, ValueId byte) {
  if (size == 0) return;
  const ValueId v = emit(Op::MemSet, ir::Type::Void, {access_address(at), byte}, static_cast<int64_t>(size));
  f_[v].align = static_cast<uint8_t>(std::min(at.align, 8u));
  f_[v].is_volatile = at.is_volatile;
}

}  // namespace spile::lower
