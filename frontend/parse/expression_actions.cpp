#include "frontend/parse/tree_actions.h"

namespace spile::parse {

using ast::BinaryOp;
using ast::UnaryOp;

ast::Expr *TreeActions::make_expr(ast::Expr::Kind kind, Loc begin) {
  auto *expr = arena->make<ast::Expr>();
  expr->kind = kind;
  expr->range = {begin, last_end()};
  expr->op_loc = begin;
  return expr;
}

void TreeActions::measure(ast::Expr *expr) {
  uint32_t depth = 0;
  for (const ast::Expr *operand : {expr->a, expr->b, expr->c})
    if (operand != nullptr) depth = std::max<uint32_t>(depth, operand->depth);
  if (expr->kind == ast::Expr::Call)
    for (const ast::Expr *argument : expr->args) depth = std::max<uint32_t>(depth, argument->depth);
  if (expr->kind == ast::Expr::InitList)
    for (const ast::InitItem *item : expr->items) depth = std::max<uint32_t>(depth, item->value->depth);
  if (expr->kind == ast::Expr::StmtExpr) depth = depth_of_last_block_;
  if (++depth > kMaxTreeDepth) stop_too_deep();
  expr->depth = static_cast<uint16_t>(depth);
  deepest_ = std::max(deepest_, depth);
}

ast::Expr *TreeActions::make_leaf(ast::Expr::Kind kind) {
  ast::Expr *expr = make_expr(kind, last_range().begin);
  expr->text = last_text();
  return expr;
}

ast::Expr *TreeActions::begin_expr(ast::Expr::Kind kind) { return make_expr(kind, last_range().begin); }

ast::Expr *TreeActions::begin_unary() {
  ast::Expr *expr = begin_expr(ast::Expr::Unary);
  switch (last_kind()) {
    case TokenKind::PlusPlus:
      expr->op.unary = UnaryOp::PreInc;
      break;
    case TokenKind::MinusMinus:
      expr->op.unary = UnaryOp::PreDec;
      break;
    case TokenKind::Amp:
      expr->op.unary = UnaryOp::AddressOf;
      break;
    case TokenKind::Star:
      expr->op.unary = UnaryOp::Deref;
      break;
    case TokenKind::Minus:
      expr->op.unary = UnaryOp::Minus;
      break;
    case TokenKind::Tilde:
      expr->op.unary = UnaryOp::BitNot;
      break;
    case TokenKind::Not:
      expr->op.unary = UnaryOp::Not;
      break;
    case TokenKind::Real:
      expr->op.unary = UnaryOp::Real;
      break;
    case TokenKind::Imag:
      expr->op.unary = UnaryOp::Imag;
      break;
    default:
      expr->op.unary = UnaryOp::Plus;
      break;
  }
  return expr;
}

ast::Expr *TreeActions::begin_postfix(ast::Expr::Kind kind) {
  ast::Expr *expr = make_expr(kind, expr_->range.begin);
  expr->op_loc = last_range().begin;
  expr->a = expr_;
  return expr;
}

ast::Expr *TreeActions::begin_member() {
  ast::Expr *expr = begin_postfix(ast::Expr::Member);
  expr->is_arrow = last_kind() == TokenKind::Arrow;
  return expr;
}

ast::Expr *TreeActions::make_post_increment() {
  ast::Expr *expr = begin_postfix(ast::Expr::Unary);
  expr->op.unary = last_kind() == TokenKind::PlusPlus ? UnaryOp::PostInc : UnaryOp::PostDec;
  measure(expr);
  return expr;
}

ast::Expr *TreeActions::begin_binary(ast::Expr *left, BinaryOp op) {
  ast::Expr *expr = make_expr(ast::Expr::Binary, left->range.begin);
  expr->op_loc = last_range().begin;
  expr->op.binary = op;
  expr->a = left;
  return expr;
}

ast::Expr *TreeActions::begin_conditional(ast::Expr *condition) {
  ast::Expr *expr = make_expr(ast::Expr::Conditional, condition->range.begin);
  expr->op_loc = last_range().begin;
  expr->a = condition;
  return expr;
}

ast::Expr *TreeActions::begin_assignment(ast::Expr *target) {
  using ast::AssignOp;
  ast::Expr *expr = make_expr(ast::Expr::Assign, target->range.begin);
  expr->op_loc = last_range().begin;
  expr->a = target;
  switch (last_kind()) {
    case TokenKind::MulAssign:
      expr->op.assign = AssignOp::Mul;
      break;
    case TokenKind::DivAssign:
      expr->op.assign = AssignOp::Div;
      break;
    case TokenKind::ModAssign:
      expr->op.assign = AssignOp::Mod;
      break;
    case TokenKind::AddAssign:
      expr->op.assign = AssignOp::Add;
      break;
    case TokenKind::SubAssign:
      expr->op.assign = AssignOp::Sub;
      break;
    case TokenKind::ShlAssign:
      expr->op.assign = AssignOp::Shl;
      break;
    case TokenKind::ShrAssign:
      expr->op.assign = AssignOp::Shr;
      break;
    case TokenKind::AndAssign:
      expr->op.assign = AssignOp::BitAnd;
      break;
    case TokenKind::XorAssign:
      expr->op.assign = AssignOp::BitXor;
      break;
    case TokenKind::OrAssign:
      expr->op.assign = AssignOp::BitOr;
      break;
    default:
      expr->op.assign = AssignOp::Assign;
      break;
  }
  return expr;
}

ast::Expr *TreeActions::begin_cast(Loc begin, ast::TypeName *type) {
  ast::Expr *expr = make_expr(ast::Expr::Cast, begin);
  expr->type_name = type;
  return expr;
}

ast::Expr *TreeActions::make_compound_literal(Loc begin, ast::TypeName *type, ast::Expr *list) {
  ast::Expr *expr = make_expr(ast::Expr::CompoundLit, begin);
  expr->type_name = type;
  expr->a = list;
  measure(expr);
  return expr;
}

ast::Expr *TreeActions::make_statement_expression(Loc begin) {
  ast::Expr *expr = make_expr(ast::Expr::StmtExpr, begin);
  expr->body = stmt_;
  measure(expr);
  return expr;
}

void TreeActions::mark_paren(Loc begin) {
  expr_->is_paren = true;
  expr_->range = {begin, last_end()};
}

// sizeof (type), until it turns out to be sizeof (type){...}
void TreeActions::size_of_type(ast::Expr *expr, ast::TypeName *type) {
  expr->kind = expr->kind == ast::Expr::SizeofExpr ? ast::Expr::SizeofType : ast::Expr::AlignofType;
  expr->type_name = type;
}

void TreeActions::size_of_expression(ast::Expr *expr) {
  if (expr->kind == ast::Expr::SizeofType) expr->kind = ast::Expr::SizeofExpr;
  if (expr->kind == ast::Expr::AlignofType) expr->kind = ast::Expr::AlignofExpr;
  expr->type_name = nullptr;
  expr->a = expr_;
}

void TreeActions::push_offsetof_field() {
  auto *step = arena->make<ast::OffsetofStep>();
  step->field = last_text();
  step->range = last_range();
  push(step);
}

void TreeActions::push_offsetof_index(ast::Expr *index) {
  auto *step = arena->make<ast::OffsetofStep>();
  step->index = index;
  step->range = index->range;
  push(step);
}

void TreeActions::push_piece() { push(const_cast<Token *>(&_input->previous())); }

void TreeActions::finish_string(Loc begin, Mark list) {
  expr_ = make_expr(ast::Expr::StringLit, begin);
  const size_t count = list_.size() - list;
  auto *pieces =
      static_cast<std::string_view *>(arena->allocate(count * sizeof(std::string_view), alignof(std::string_view)));
  for (size_t i = 0; i < count; i++)
    new (&pieces[i]) std::string_view(static_cast<Token *>(list_[list + i])->spelling());
  string_locs_.clear();
  for (size_t i = 0; i < count; i++) string_locs_.push_back(static_cast<Token *>(list_[list + i])->range().begin);
  list_.resize(list);
  expr_->pieces = {pieces, count};
  expr_->text = pieces[0];
}

// ---------------------------------------------------------------- binary operators

namespace {
struct Operator {
  int precedence;
  BinaryOp op;
};

Operator operator_of(TokenKind kind) {
  switch (kind) {
    case TokenKind::Star:
      return {10, BinaryOp::Mul};
    case TokenKind::Slash:
      return {10, BinaryOp::Div};
    case TokenKind::Percent:
      return {10, BinaryOp::Mod};
    case TokenKind::Plus:
      return {9, BinaryOp::Add};
    case TokenKind::Minus:
      return {9, BinaryOp::Sub};
    case TokenKind::Shl:
      return {8, BinaryOp::Shl};
    case TokenKind::Shr:
      return {8, BinaryOp::Shr};
    case TokenKind::Less:
      return {7, BinaryOp::Lt};
    case TokenKind::Greater:
      return {7, BinaryOp::Gt};
    case TokenKind::LessEqual:
      return {7, BinaryOp::Le};
    case TokenKind::GreaterEqual:
      return {7, BinaryOp::Ge};
    case TokenKind::EqualEqual:
      return {6, BinaryOp::Eq};
    case TokenKind::NotEqual:
      return {6, BinaryOp::Ne};
    case TokenKind::Amp:
      return {5, BinaryOp::BitAnd};
    case TokenKind::Caret:
      return {4, BinaryOp::BitXor};
    case TokenKind::Pipe:
      return {3, BinaryOp::BitOr};
    case TokenKind::AmpAmp:
      return {2, BinaryOp::LogAnd};
    default:
      return {1, BinaryOp::LogOr};
  }
}
}  // namespace

// The operator was just read: operators before it that bind at least as tightly have their right operand now.
void TreeActions::BinaryChain::binary_operator() {
  const Operator found = operator_of(owner_.last_kind());
  reduce(found.precedence);
  ast::Expr *node = owner_.make_expr(ast::Expr::Binary, last_->range.begin);
  node->op_loc = owner_.last_range().begin;
  node->op.binary = found.op;
  node->a = last_;
  owner_.operators_.push_back({found.precedence, node});
}

void TreeActions::BinaryChain::reduce(int precedence) {
  auto &open = owner_.operators_;
  while (open.size() > base_ && open.back().precedence >= precedence) {
    ast::Expr *node = open.back().node;
    open.pop_back();
    node->b = last_;
    node->range.end = last_->range.end;
    owner_.measure(node);
    last_ = node;
  }
}

ast::Expr *TreeActions::BinaryChain::finish() {
  reduce(0);
  return last_;
}

}  // namespace spile::parse
