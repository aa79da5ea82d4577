// Conditions: truth values as i1, and branches that follow && || ! without making values of them.
#include "frontend/lower/function_lowerer.h"

namespace spile::lower {

using ast::BinaryOp;
using ast::CastKind;
using ast::UnaryOp;

// What has the same truth as [e] and says it more directly: conversions that keep zero apart from the rest are peeled.
static const Expr *peel(const Expr *e) {
  for (;;) {
    const bool is_cast = e->kind == Expr::ImplicitCast || e->kind == Expr::Cast;
    if (is_cast && (e->cast == CastKind::IntegerToBool || e->cast == CastKind::PointerToBool))
      e = e->a;
    else if (is_cast && e->cast == CastKind::IntegerToInteger && types::size_of(e->type) >= types::size_of(e->a->type))
      e = e->a;
    else if (is_cast && e->cast == CastKind::PointerToPointer)
      e = e->a;
    else if (e->kind == Expr::Unary && e->op.unary == UnaryOp::Extension)
      e = e->a;
    else if ((e->kind == Expr::Generic || e->kind == Expr::ChooseExpr) && !e->chosen->is_lvalue)
      e = e->chosen;
    else
      return e;
  }
}

static bool is_logical(const Expr *e) {
  return e->kind == Expr::Binary && (e->op.binary == BinaryOp::LogAnd || e->op.binary == BinaryOp::LogOr);
}

static const Expr *expectation(const Expr *e) {
  if (e->kind != Expr::Call || e->a->symbol == nullptr) return nullptr;
  const sema::Builtin b = e->a->symbol->builtin;
  return b == sema::Builtin::Expect || b == sema::Builtin::ExpectProbability ? e : nullptr;
}

std::optional<ValueId> FunctionLowerer::comparison(const Expr *e) {
  if (e->kind != Expr::Binary || e->op.binary < BinaryOp::Lt || e->op.binary > BinaryOp::Ne) return std::nullopt;
  const bool is_wide = types::is_int128(e->a->type);
  const Wide wide_a = is_wide ? wide(e->a) : Wide{}, wide_b = is_wide ? wide(e->b) : Wide{};
  const ValueId a = is_wide ? ValueId{} : scalar(e->a), b = is_wide ? ValueId{} : scalar(e->b);
  loc_ = e->op_loc.valid() ? e->op_loc : e->range.begin;
  const bool is_signed = types::is_integer(e->a->type) && types::is_signed(e->a->type);
  Pred pred = Pred::Eq;
  if (e->op.binary == BinaryOp::Ne)
    pred = Pred::Ne;
  else if (e->op.binary == BinaryOp::Lt)
    pred = is_signed ? Pred::Slt : Pred::Ult;
  else if (e->op.binary == BinaryOp::Le)
    pred = is_signed ? Pred::Sle : Pred::Ule;
  else if (e->op.binary == BinaryOp::Gt)
    pred = is_signed ? Pred::Sgt : Pred::Ugt;
  else if (e->op.binary == BinaryOp::Ge)
    pred = is_signed ? Pred::Sge : Pred::Uge;
  return is_wide ? wide_compare(pred, wide_a, wide_b) : compare(pred, a, b);
}

ValueId FunctionLowerer::truth(const Expr *e) {
  if (e->is_constant) return constant(ir::Type::I1, e->value != 0 ? 1 : 0);
  e = peel(e);
  if (e->is_constant) return constant(ir::Type::I1, e->value != 0 ? 1 : 0);
  if (const Expr *expected = expectation(e)) return truth(expected->args[0]);
  if (e->kind == Expr::Unary && e->op.unary == UnaryOp::Not) {
    const ValueId v = truth(e->a);
    return emit(Op::Xor, ir::Type::I1, {v, constant(ir::Type::I1, 1)});
  }
  if (const auto compared = comparison(e)) return *compared;
  if (is_logical(e)) {
    // As a value: 0 or 1 through a slot, which mem2reg turns into a phi.
    const Place result = slot(1, 1, e->type, {}, loc_);
    const BlockId yes = f_.add_block(), no = f_.add_block(), end = f_.add_block();
    condition(e, yes, no);
    enter(yes);
    store_memory(result, constant(ir::Type::I8, 1));
    jump(end);
    enter(no);
    store_memory(result, constant(ir::Type::I8, 0));
    jump(end);
    enter(end);
    return compare(Pred::Ne, load_memory(result, ir::Type::I8), constant(ir::Type::I8, 0));
  }
  if (types::is_int128(e->type)) return wide_is_set(wide(e));
  const ValueId v = scalar(e);
  return compare(Pred::Ne, v, constant(f_[v].type, 0));
}

void FunctionLowerer::condition(const Expr *e, BlockId yes, BlockId no, int8_t weight) {
  if (e->is_constant) {
    ensure_block();
    jump(e->value != 0 ? yes : no);
    return;
  }
  e = peel(e);
  if (e->is_constant) {
    ensure_block();
    jump(e->value != 0 ? yes : no);
    return;
  }
  if (const Expr *expected = expectation(e)) {
    const Expr *likely = expected->args[1];
    condition(expected->args[0], yes, no, likely->is_constant ? (likely->value != 0 ? 1 : -1) : weight);
    return;
  }
  if (e->kind == Expr::Unary && e->op.unary == UnaryOp::Not) {
    condition(e->a, no, yes, static_cast<int8_t>(-weight));
    return;
  }
  if (is_logical(e)) {
    // a && b && c leans left; its operands in order.
    const BinaryOp op = e->op.binary;
    std::vector<const Expr *> operands;
    const Expr *left = e;
    while (left->kind == Expr::Binary && left->op.binary == op && !left->is_constant) {
      operands.push_back(left->b);
      left = peel(left->a);
    }
    operands.push_back(left);
    for (size_t i = operands.size(); i-- > 1;) {
      const BlockId next = f_.add_block();
      if (op == BinaryOp::LogAnd)
        condition(operands[i], next, no, weight > 0 ? weight : int8_t{0});
      else
        condition(operands[i], yes, next, weight < 0 ? weight : int8_t{0});
      enter(next);
    }
    condition(operands[0], yes, no, weight);
    return;
  }
  if (e->kind == Expr::Binary && e->op.binary == BinaryOp::Comma) {
    effect(e->a);
    condition(e->b, yes, no, weight);
    return;
  }
  const ValueId v = truth(e);
  branch(v, yes, no, weight);
}

}  // namespace spile::lower
