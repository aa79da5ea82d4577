// 16-byte integers as pairs of 64-bit values, and arithmetic whose result may not fit:
// __builtin_{add,sub,mul}_overflow.
//
// The IR has no type of 16 bytes: such an object lies in memory, like a record, and an expression is computed on its
// two halves. Products, quotients and shifts by a variable amount never come here: clang has no code for them on BPF
// either.
#include "frontend/lower/function_lowerer.h"
#include "support/check.h"

namespace spile::lower {

using ast::BinaryOp;
using ast::CastKind;
using ast::UnaryOp;
using sema::Builtin;

Wide FunctionLowerer::extend(ValueId v, bool is_signed) {
  v = widen(v, ir::Type::I64, is_signed);
  const ValueId high =
      is_signed ? emit(Op::AShr, ir::Type::I64, {v, constant(ir::Type::I64, 63)}) : constant(ir::Type::I64, 0);
  return {v, high};
}

ValueId FunctionLowerer::low_half(Wide v, const Type *type) {
  return types::is_pointer(type) ? emit(Op::IntToPtr, ir::Type::Ptr, {v.low}) : widen(v.low, type_of(type), false);
}

Wide FunctionLowerer::load_wide(const Place &p) {
  const ValueId low = load_memory(p, ir::Type::I64, 0);
  return {low, load_memory(p, ir::Type::I64, 8)};
}

void FunctionLowerer::store_wide(const Place &p, Wide v) {
  store_memory(p, v.low, 0);
  store_memory(p, v.high, 8);
}

Wide FunctionLowerer::wide_sum(Wide a, Wide b, bool is_difference) {
  const Op op = is_difference ? Op::Sub : Op::Add;
  const ValueId low = emit(op, ir::Type::I64, {a.low, b.low});
  const ValueId carried = is_difference ? compare(Pred::Ult, a.low, b.low) : compare(Pred::Ult, low, a.low);
  const ValueId high = emit(op, ir::Type::I64, {a.high, b.high});
  return {low, emit(op, ir::Type::I64, {high, emit(Op::Zext, ir::Type::I64, {carried})})};
}

// By a constant, which sema has made sure of.
Wide FunctionLowerer::wide_shift(Wide v, uint64_t count, bool is_left, bool is_signed) {
  const auto by = [&](uint64_t n) { return constant(ir::Type::I64, static_cast<int64_t>(n)); };
  const Op right = is_signed ? Op::AShr : Op::LShr;
  count %= 128;
  if (count == 0) return v;
  if (is_left) {
    if (count >= 64)
      return {constant(ir::Type::I64, 0), count == 64 ? v.low : emit(Op::Shl, ir::Type::I64, {v.low, by(count - 64)})};
    const ValueId carried = emit(Op::LShr, ir::Type::I64, {v.low, by(64 - count)});
    const ValueId high = emit(Op::Shl, ir::Type::I64, {v.high, by(count)});
    return {emit(Op::Shl, ir::Type::I64, {v.low, by(count)}), emit(Op::Or, ir::Type::I64, {high, carried})};
  }
  if (count >= 64) {
    const ValueId fill = is_signed ? emit(Op::AShr, ir::Type::I64, {v.high, by(63)}) : constant(ir::Type::I64, 0);
    return {count == 64 ? v.high : emit(right, ir::Type::I64, {v.high, by(count - 64)}), fill};
  }
  const ValueId carried = emit(Op::Shl, ir::Type::I64, {v.high, by(64 - count)});
  const ValueId low = emit(Op::LShr, ir::Type::I64, {v.low, by(count)});
  return {emit(Op::Or, ir::Type::I64, {low, carried}), emit(right, ir::Type::I64, {v.high, by(count)})};
}

ValueId FunctionLowerer::wide_is_set(Wide v) {
  return compare(Pred::Ne, emit(Op::Or, ir::Type::I64, {v.low, v.high}), constant(ir::Type::I64, 0));
}

// Equality looks at all bits at once; an order is that of the upper halves, or of the lower ones where those are equal.
ValueId FunctionLowerer::wide_compare(Pred pred, Wide a, Wide b) {
  if (pred == Pred::Eq || pred == Pred::Ne) {
    const ValueId low = emit(Op::Xor, ir::Type::I64, {a.low, b.low});
    const ValueId high = emit(Op::Xor, ir::Type::I64, {a.high, b.high});
    return compare(pred, emit(Op::Or, ir::Type::I64, {low, high}), constant(ir::Type::I64, 0));
  }
  const auto lower_half = [](Pred p) {  // the lower halves have no sign
    switch (p) {
      case Pred::Slt:
        return Pred::Ult;
      case Pred::Sle:
        return Pred::Ule;
      case Pred::Sgt:
        return Pred::Ugt;
      case Pred::Sge:
        return Pred::Uge;
      case Pred::Eq:
      case Pred::Ne:
      case Pred::Ult:
      case Pred::Ule:
      case Pred::Ugt:
      case Pred::Uge:
        return p;
    }
    SPILE_UNREACHABLE("every predicate is named");
  };
  const ValueId same = compare(Pred::Eq, a.high, b.high);
  const ValueId by_low = emit(Op::Zext, ir::Type::I8, {compare(lower_half(pred), a.low, b.low)});
  const ValueId by_high = emit(Op::Zext, ir::Type::I8, {compare(pred, a.high, b.high)});
  return compare(Pred::Ne, emit(Op::Select, ir::Type::I8, {same, by_low, by_high}), constant(ir::Type::I8, 0));
}

Wide FunctionLowerer::wide_operation(BinaryOp op, Wide a, const Expr *right, bool is_signed) {
  if (op == BinaryOp::Shl || op == BinaryOp::Shr)
    return wide_shift(a, static_cast<uint64_t>(right->value), op == BinaryOp::Shl, is_signed);
  const Wide b = wide(right);
  if (op == BinaryOp::Add || op == BinaryOp::Sub) return wide_sum(a, b, op == BinaryOp::Sub);
  const Op code = op == BinaryOp::BitAnd ? Op::And : op == BinaryOp::BitOr ? Op::Or : Op::Xor;
  return {emit(code, ir::Type::I64, {a.low, b.low}), emit(code, ir::Type::I64, {a.high, b.high})};
}

Wide FunctionLowerer::wide(const Expr *e) {
  if (!types::is_int128(e->type)) return extend(scalar(e), types::is_integer(e->type) && types::is_signed(e->type));
  switch (e->kind) {
    case Expr::ImplicitCast:
    case Expr::Cast:
      if (e->cast == CastKind::LvalueToRvalue) return load_wide(place(e->a));
      if (e->cast == CastKind::PointerToInteger)
        return extend(emit(Op::PtrToInt, ir::Type::I64, {scalar(e->a)}), false);
      return wide(e->a);
    case Expr::Unary:
      switch (e->op.unary) {
        case UnaryOp::Plus:
        case UnaryOp::Extension:
          return wide(e->a);
        case UnaryOp::Minus: {
          const ValueId zero = constant(ir::Type::I64, 0);
          return wide_sum({zero, zero}, wide(e->a), true);
        }
        case UnaryOp::BitNot: {
          const Wide v = wide(e->a);
          const ValueId ones = constant(ir::Type::I64, -1);
          return {emit(Op::Xor, ir::Type::I64, {v.low, ones}), emit(Op::Xor, ir::Type::I64, {v.high, ones})};
        }
        case UnaryOp::PreInc:
        case UnaryOp::PreDec:
        case UnaryOp::PostInc:
        case UnaryOp::PostDec: {
          const Place p = place(e->a);
          const Wide old = load_wide(p);
          const bool is_back = e->op.unary == UnaryOp::PreDec || e->op.unary == UnaryOp::PostDec;
          const bool is_post = e->op.unary == UnaryOp::PostInc || e->op.unary == UnaryOp::PostDec;
          const Wide next = wide_sum(old, {constant(ir::Type::I64, 1), constant(ir::Type::I64, 0)}, is_back);
          store_wide(p, next);
          return is_post ? old : next;
        }
        case UnaryOp::Not:
        case UnaryOp::Deref:
        case UnaryOp::AddressOf:
        case UnaryOp::Real:
        case UnaryOp::Imag:
          break;
      }
      break;
    case Expr::Binary:
      if (e->op.binary == BinaryOp::Comma) {
        effect(e->a);
        return wide(e->b);
      }
      return wide_operation(e->op.binary, wide(e->a), e->b, types::is_signed(e->type));
    case Expr::Assign:
      return wide_assign(e);
    case Expr::Generic:
    case Expr::ChooseExpr:
      return wide(e->chosen);
    default:
      break;
  }
  return load_wide(record_value(e));
}

// An assignment in which one side has 16 bytes.
Wide FunctionLowerer::wide_assign(const Expr *e) {
  const Place to = place(e->a);
  const bool is_wide = types::is_int128(e->a->type);
  Wide v;
  if (e->op.assign == ast::AssignOp::Assign) {
    v = wide(e->b);
  } else {
    const Wide old = is_wide ? load_wide(to) : extend(load(to), types::is_signed(e->a->type));
    const BinaryOp op = binary_of(e->op.assign);
    // A shift is done in the type of the left side, the others in the common type, which the right side has.
    const bool is_signed = types::is_signed(op == BinaryOp::Shr ? e->a->type : e->b->type);
    v = wide_operation(op, old, e->b, is_signed);
  }
  if (is_wide)
    store_wide(to, v);
  else if (types::is_bool(e->a->type))
    store(to, emit(Op::Zext, ir::Type::I8, {wide_is_set(v)}));
  else
    store(to, widen(v.low, type_of(e->a->type), false));
  return v;
}

// The product of two 64-bit numbers in full, from the four products of their halves.
Wide FunctionLowerer::wide_product(ValueId a, ValueId b, bool a_signed, bool b_signed) {
  const auto number = [&](int64_t n) { return constant(ir::Type::I64, n); };
  const auto op = [&](Op code, ValueId x, ValueId y) { return emit(code, ir::Type::I64, {x, y}); };
  const auto low_half = [&](ValueId x) { return op(Op::And, x, number(0xffffffff)); };
  const auto high_half = [&](ValueId x) { return op(Op::LShr, x, number(32)); };
  const ValueId a0 = low_half(a), a1 = high_half(a), b0 = low_half(b), b1 = high_half(b);
  const ValueId p00 = op(Op::Mul, a0, b0), p01 = op(Op::Mul, a0, b1), p10 = op(Op::Mul, a1, b0),
                p11 = op(Op::Mul, a1, b1);
  const ValueId middle = op(Op::Add, op(Op::Add, high_half(p00), low_half(p01)), low_half(p10));
  ValueId high = op(Op::Add, op(Op::Add, p11, high_half(p01)), op(Op::Add, high_half(p10), high_half(middle)));
  // A negative factor was taken for 2^64 more than it is.
  if (a_signed) high = op(Op::Sub, high, op(Op::And, op(Op::AShr, a, number(63)), b));
  if (b_signed) high = op(Op::Sub, high, op(Op::And, op(Op::AShr, b, number(63)), a));
  return {op(Op::Mul, a, b), high};
}

// bool __builtin_add_overflow(a, b, T *result): the exact result, what of it fits into T, and whether that is less.
ValueId FunctionLowerer::overflow(const Expr *e, Builtin which) {
  const Type *a_type = e->args[0]->type, *b_type = e->args[1]->type;
  const Type *result = types::base_of(e->args[2]->type);
  const bool same_type = types::same(a_type, types::base_of(e->args[2]->type)) && types::same(a_type, b_type);
  ValueId a = scalar(e->args[0]), b = scalar(e->args[1]);
  const Place to = pointee(e->args[2]);
  loc_ = e->a->range.begin.valid() ? e->a->range.begin : e->range.begin;
  const bool a_signed = types::is_signed(a_type), b_signed = types::is_signed(b_type);
  if (which != Builtin::MulOverflow && same_type) {
    // In the type itself: a carry shows in the result.
    const ir::Type type = f_[a].type;
    const bool is_add = which == Builtin::AddOverflow;
    const ValueId r = emit(is_add ? Op::Add : Op::Sub, type, {a, b});
    store_memory(to, r);
    if (!a_signed) return emit(Op::Zext, ir::Type::I8, {compare(Pred::Ult, is_add ? r : a, is_add ? a : b)});
    // The sign of the result differs from that of both (for a difference: of a and of not b).
    const ValueId x = emit(Op::Xor, type, {a, is_add ? r : b}), y = emit(Op::Xor, type, {is_add ? b : a, r});
    return emit(Op::Zext, ir::Type::I8, {compare(Pred::Slt, emit(Op::And, type, {x, y}), constant(type, 0))});
  }
  const bool is_narrow = types::size_of(a_type) <= 4 && types::size_of(b_type) <= 4 && types::size_of(result) <= 4;
  a = widen(a, ir::Type::I64, a_signed);
  b = widen(b, ir::Type::I64, b_signed);
  if (is_narrow) {
    // Operands of 32 bits: 64 hold every result.
    const Op op = which == Builtin::AddOverflow ? Op::Add : which == Builtin::SubOverflow ? Op::Sub : Op::Mul;
    const ValueId exact = emit(op, ir::Type::I64, {a, b});
    const ValueId kept = widen(exact, type_of(result), false);
    store_memory(to, kept);
    const ValueId again = widen(kept, ir::Type::I64, types::is_signed(result));
    return emit(Op::Zext, ir::Type::I8, {compare(Pred::Ne, again, exact)});
  }
  const Wide exact = which == Builtin::MulOverflow
                         ? wide_product(a, b, a_signed, b_signed)
                         : wide_sum(extend(a, a_signed), extend(b, b_signed), which == Builtin::SubOverflow);
  const ValueId kept = widen(exact.low, type_of(result), false);
  store_memory(to, kept);
  return emit(Op::Zext, ir::Type::I8, {wide_compare(Pred::Ne, extend(kept, types::is_signed(result)), exact)});
}

}  // namespace spile::lower
