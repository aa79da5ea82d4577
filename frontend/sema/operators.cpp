// Operators: C11 6.5.3 to 6.5.17, with GNU's arithmetic on void pointers.
#include "frontend/sema/analyzer.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

using ast::BinaryOp;
using ast::CastKind;
using ast::UnaryOp;

std::string_view spelling(BinaryOp op) {
  switch (op) {
    case BinaryOp::Mul:
      return "*";
    case BinaryOp::Div:
      return "/";
    case BinaryOp::Mod:
      return "%";
    case BinaryOp::Add:
      return "+";
    case BinaryOp::Sub:
      return "-";
    case BinaryOp::Shl:
      return "<<";
    case BinaryOp::Shr:
      return ">>";
    case BinaryOp::Lt:
      return "<";
    case BinaryOp::Gt:
      return ">";
    case BinaryOp::Le:
      return "<=";
    case BinaryOp::Ge:
      return ">=";
    case BinaryOp::Eq:
      return "==";
    case BinaryOp::Ne:
      return "!=";
    case BinaryOp::BitAnd:
      return "&";
    case BinaryOp::BitXor:
      return "^";
    case BinaryOp::BitOr:
      return "|";
    case BinaryOp::LogAnd:
      return "&&";
    case BinaryOp::LogOr:
      return "||";
    case BinaryOp::Comma:
      return ",";
  }
  return "?";
}

// The structs of spile.h that hold a string.
static bool is_string_struct(const Type *t) {
  return types::is_record(t) && (t->plain->record->tag == "spile_comm" || t->plain->record->tag == "spile_string");
}

void Analyzer::report_operands(Expr *e) {
  auto message = report<diag::BadOperands>(at_op(e), spelling(e->op.binary), types::to_string(e->a->type),
                                           types::to_string(e->b->type));
  const Expr *literal = ast::without_implicit_casts(e->b);
  if (is_string_struct(e->a->type) && literal->kind == Expr::StringLit &&
      (e->op.binary == BinaryOp::Eq || e->op.binary == BinaryOp::Ne))
    message.hint("`{}streq({}, {})` compares a string with a literal", e->op.binary == BinaryOp::Ne ? "!" : "",
                 diags_.sources().text(diags_.sources().expansion(e->a->range)), diags_.sources().text(literal->range));
  poison(e);
}

// What needs a function of the compiler's library for 16-byte integers, which BPF does not have.
void Analyzer::report_wide_operation(Expr *e, std::string_view op) {
  auto message = report<diag::Int128Arithmetic>(at_op(e), op);
  if (op.starts_with("<<") || op.starts_with(">>"))
    message.hint("shift by a constant, or by parts: the halves are 64-bit integers");
  else
    message.hint("compute with 64-bit integers");
  poison(e);
}

// ---------------------------------------------------------------- unary

void Analyzer::unary(Expr *e) {
  switch (e->op.unary) {
    case UnaryOp::AddressOf:
      address_of(e);
      return;
    case UnaryOp::PreInc:
    case UnaryOp::PreDec:
    case UnaryOp::PostInc:
    case UnaryOp::PostDec:
      increment(e);
      return;
    case UnaryOp::Real:
    case UnaryOp::Imag:
      report<diag::FloatingPoint>(e->range, "a complex number").hint("use integers");
      poison(e);
      return;
    case UnaryOp::Extension:
      e->a = expr(e->a);
      e->type = e->a->type;
      e->is_lvalue = e->a->is_lvalue;
      take_constant(e, e->a);
      return;
    case UnaryOp::Plus:
    case UnaryOp::Minus:
    case UnaryOp::BitNot:
    case UnaryOp::Not:
    case UnaryOp::Deref:
      break;
  }
  e->a = value(e->a);
  if (types::is_error(e->a->type)) {
    poison(e);
    return;
  }
  if (e->op.unary == UnaryOp::Deref) {
    if (!types::is_pointer(e->a->type)) {
      report<diag::DerefOfValue>(at_op(e), types::to_string(e->a->type));
      poison(e);
      return;
    }
    e->type = e->a->type->kind == Kind::Pointer ? e->a->type->base : types::base_of(e->a->type);
    e->is_lvalue = !types::is_function(e->type);
    return;
  }
  if (e->op.unary == UnaryOp::Not) {
    if (!types::is_scalar(e->a->type)) {
      report<diag::BadOperand>(at_op(e), "!", types::to_string(e->a->type));
      poison(e);
      return;
    }
    e->a = to_bool(e->a);
    e->type = types_.int_type();
    fold_unary(e);
    return;
  }
  if (e->a->is_number && e->op.unary != UnaryOp::BitNot) {
    e->type = e->a->type;
    set_number(e, e->op.unary == UnaryOp::Minus ? -*number_of(e->a) : *number_of(e->a));
    return;
  }
  if (!types::is_integer(e->a->type)) {
    if (reject_float(e->a->type, e->a->range)) {
      poison(e);
      return;
    }
    report<diag::BadOperand>(at_op(e),
                             e->op.unary == UnaryOp::Minus  ? "-"
                             : e->op.unary == UnaryOp::Plus ? "+"
                                                            : "~",
                             types::to_string(e->a->type));
    poison(e);
    return;
  }
  e->a = promote(e->a);
  e->type = e->a->type;
  fold_unary(e);
}

void Analyzer::address_of(Expr *e) {
  e->a = expr(e->a);
  if (types::is_error(e->a->type)) {
    poison(e);
    return;
  }
  if (e->a->kind == Expr::Member && e->a->field != nullptr && e->a->field->bit_width != 0) {
    report<diag::AddressOfBitfield>(e->range, e->a->text);
    poison(e);
    return;
  }
  if (!e->a->is_lvalue && !types::is_function(e->a->type)) {
    report<diag::AddressOfValue>(at_op(e), types::to_string(e->a->type));
    poison(e);
    return;
  }
  for (Expr *inner = e->a;; inner = inner->a) {  // &x, &x.member: x itself; &p->member: not p
    if (inner->kind == Expr::Identifier && inner->symbol != nullptr)
      inner->symbol->is_assigned = inner->symbol->is_read = true;
    if (inner->kind == Expr::Member && !inner->is_arrow) continue;
    break;
  }
  note_lent(e->a);
  e->type = types_.pointer_to(e->a->type);
}

// The address of [e] is taken.
void Analyzer::note_lent(const Expr *e) {
  const Symbol *variable = root_variable(e);
  if (function_ != nullptr && variable != nullptr && !variable->is_static_storage && unevaluated_ == 0)
    function_->lends_locals = true;
}

// Whether something may be stored in [e]. Marks the variable as changed.
bool Analyzer::check_assignable(Expr *e, Range at) {
  if (types::is_error(e->type)) return false;
  if (!e->is_lvalue || types::is_array(e->type) || types::is_function(e->type) || types::is_void(e->type)) {
    report<diag::NotAssignable>(at, types::is_array(e->type) ? "an array" : "this expression");
    return false;
  }
  Expr *root = e;
  while ((root->kind == Expr::Member && !root->is_arrow) ||
         (root->kind == Expr::Unary && root->op.unary == UnaryOp::Extension))
    root = root->a;
  Symbol *symbol = root->kind == Expr::Identifier ? root->symbol : nullptr;
  if ((e->type->quals & types::kConst) != 0) {
    if (symbol != nullptr)
      report<diag::AssignToConst>(at, symbol->name, types::to_string(symbol->type))
          .note(symbol->range, "`{}` is declared here", symbol->name);
    else
      report<diag::AssignThroughConst>(at, types::to_string(e->type));
    return false;
  }
  if (types::is_record(e->type) && e->type->plain->record->has_const_member) {
    report<diag::AssignConstMember>(at, types::to_string(e->type))
        .note(e->type->plain->record->range, "the record is defined here");
    return false;
  }
  if (symbol != nullptr && unevaluated_ == 0) symbol->is_assigned = true;
  return true;
}

void Analyzer::increment(Expr *e) {
  e->a = expr(e->a);
  if (!check_assignable(e->a, at_op(e))) {
    poison(e);
    return;
  }
  const Type *t = e->a->type;
  if (types::is_pointer(t)) {
    const Type *pointee = types::base_of(t);
    if (!types::is_void(pointee) && !types::is_function(pointee) &&
        !require_complete(pointee, e->range, "what the pointer points to")) {
      poison(e);
      return;
    }
  } else if (!types::is_integer(t)) {
    if (!reject_float(t, e->range))
      report<diag::BadOperand>(at_op(e),
                               e->op.unary == UnaryOp::PreInc || e->op.unary == UnaryOp::PostInc ? "++" : "--",
                               types::to_string(t));
    poison(e);
    return;
  }
  if (types::is_atomic(t)) {
    const bool is_old = e->op.unary == UnaryOp::PostInc || e->op.unary == UnaryOp::PostDec;
    const bool is_up = e->op.unary == UnaryOp::PostInc || e->op.unary == UnaryOp::PreInc;
    Expr *one = nodes_->make<Expr>();
    one->kind = Expr::IntegerLit;
    one->range = e->range;
    one->type = types_.int_type();
    set_constant(one, 1);
    atomic_update(e, is_up ? "++" : "--",
                  is_up ? (is_old ? Builtin::AtomicFetchAdd : Builtin::AtomicAddFetch)
                        : (is_old ? Builtin::AtomicFetchSub : Builtin::AtomicSubFetch),
                  one);
    return;
  }
  e->type = types_.unqualified(t);
}

// What changes an _Atomic object and gives its new value; None: BPF has no instruction for it.
static Builtin atomic_form(ast::AssignOp op) {
  switch (op) {
    case ast::AssignOp::Add:
      return Builtin::AtomicAddFetch;
    case ast::AssignOp::Sub:
      return Builtin::AtomicSubFetch;
    case ast::AssignOp::BitAnd:
      return Builtin::AtomicAndFetch;
    case ast::AssignOp::BitXor:
      return Builtin::AtomicXorFetch;
    case ast::AssignOp::BitOr:
      return Builtin::AtomicOrFetch;
    case ast::AssignOp::Assign:
    case ast::AssignOp::Mul:
    case ast::AssignOp::Div:
    case ast::AssignOp::Mod:
    case ast::AssignOp::Shl:
    case ast::AssignOp::Shr:
      return Builtin::None;
  }
  return Builtin::None;
}

// ---------------------------------------------------------------- binary

// A chain a + b + c ... is a tree that leans left; its spine is walked by a loop, so it may be long.
void Analyzer::binary(Expr *e) {
  std::vector<Expr *> spine;
  for (Expr *at = e; at->kind == Expr::Binary && at->type == nullptr; at = at->a) spine.push_back(at);
  for (size_t i = spine.size(); i-- > 0;) binary_operands(spine[i]);
}

void Analyzer::binary_operands(Expr *e) {
  const BinaryOp op = e->op.binary;
  if (op == BinaryOp::Comma) {
    e->a = expr(e->a);
    e->b = value(e->b);
    e->type = e->b->type;
    return;
  }
  e->a = value(e->a);
  if (op == BinaryOp::LogAnd || op == BinaryOp::LogOr) {
    e->a = to_bool(e->a);
    const bool decides = e->a->is_constant && (e->a->value != 0) == (op == BinaryOp::LogOr);
    dead_ += decides ? 1 : 0;
    e->b = value(e->b);
    if (!types::is_error(e->a->type) && !types::is_error(e->b->type)) warn_precedence(e);
    e->b = to_bool(e->b);
    dead_ -= decides ? 1 : 0;
    e->type = types_.int_type();
    if (types::is_error(e->a->type) || types::is_error(e->b->type))
      poison(e);
    else
      fold_binary(e);
    return;
  }
  e->b = value(e->b);
  if (types::is_error(e->a->type) || types::is_error(e->b->type)) {
    poison(e);
    return;
  }
  warn_precedence(e);
  if (types::is_float(e->a->type) || types::is_float(e->b->type)) {
    floating_operation(e);
    return;
  }
  const bool integers = types::is_integer(e->a->type) && types::is_integer(e->b->type);
  switch (op) {
    case BinaryOp::Lt:
    case BinaryOp::Gt:
    case BinaryOp::Le:
    case BinaryOp::Ge:
    case BinaryOp::Eq:
    case BinaryOp::Ne:
      comparison(e);
      return;
    case BinaryOp::Add:
    case BinaryOp::Sub:
      if (!integers) {
        additive(e);
        return;
      }
      break;
    case BinaryOp::Shl:
    case BinaryOp::Shr:
      if (!integers) break;
      e->a = promote(e->a);
      e->b = promote(e->b);
      e->type = e->a->type;
      if (types::is_int128(e->b->type)) e->b = convert(e->b, types_.basic(Kind::ULong));
      if (types::is_int128(e->a->type) && !e->b->is_constant) {
        report_wide_operation(e, spelling(op));
        return;
      }
      if (e->b->is_constant && unevaluated_ == 0 && dead_ == 0) {
        const uint64_t width = types::size_of(e->type) * 8;
        if (e->b->value < 0 && types::is_signed(e->b->type))
          report<diag::ShiftCountNegative>(e->b->range, e->b->value);
        else if (static_cast<uint64_t>(e->b->value) >= width)
          report<diag::ShiftCount>(e->b->range, e->b->value, types::to_string(e->type), width,
                                   static_cast<uint64_t>(e->b->value) & (width - 1));
      }
      fold_binary(e);
      return;
    case BinaryOp::Mul:
    case BinaryOp::Div:
    case BinaryOp::Mod:
    case BinaryOp::BitAnd:
    case BinaryOp::BitXor:
    case BinaryOp::BitOr:
    case BinaryOp::LogAnd:
    case BinaryOp::LogOr:
    case BinaryOp::Comma:
      break;
  }
  if (!integers) {
    report_operands(e);
    return;
  }
  e->type = usual_conversions(e->a, e->b);
  if (types::is_int128(e->type) && (op == BinaryOp::Mul || op == BinaryOp::Div || op == BinaryOp::Mod)) {
    report_wide_operation(e, spelling(op));
    return;
  }
  if ((op == BinaryOp::Div || op == BinaryOp::Mod) && e->b->is_constant && e->b->value == 0 && unevaluated_ == 0 &&
      dead_ == 0)
    report<diag::ConstantDivisor>(at_op(e), op == BinaryOp::Div ? "division" : "remainder")
        .hint("a divisor that is a variable gives 0 where it is 0");
  fold_binary(e);
}

void Analyzer::additive(Expr *e) {
  const bool is_add = e->op.binary == BinaryOp::Add;
  const auto steps = [&](const Type *pointer) {
    const Type *pointee = types::base_of(pointer);
    return types::is_void(pointee) || types::is_function(pointee) ||
           require_complete(pointee, e->range, "what the pointer points to");
  };
  const bool a_pointer = types::is_pointer(e->a->type), b_pointer = types::is_pointer(e->b->type);
  if (a_pointer && b_pointer && !is_add) {
    const Type *ap = types_.unqualified(types::base_of(e->a->type)),
               *bp = types_.unqualified(types::base_of(e->b->type));
    if (!types::compatible(ap->plain, bp->plain) && !(types::is_void(ap) || types::is_void(bp))) {
      report<diag::PointerDifference>(at_op(e), types::to_string(e->a->type), types::to_string(e->b->type));
      poison(e);
      return;
    }
    if (!steps(e->a->type)) {
      poison(e);
      return;
    }
    e->type = types_.basic(Kind::Long);
    return;
  }
  const bool fits =
      (a_pointer && types::is_integer(e->b->type)) || (is_add && b_pointer && types::is_integer(e->a->type));
  if (!fits) {
    report_operands(e);
    return;
  }
  // As written; lowering looks which side is the pointer.
  Expr *&count = a_pointer ? e->b : e->a;
  count = promote(count);
  const Type *pointer = a_pointer ? e->a->type : e->b->type;
  if (types::is_int128(count->type)) {
    report_operands(e);
    return;
  }
  if (!steps(pointer))
    poison(e);
  else
    e->type = types_.unqualified(pointer);
}

void Analyzer::comparison(Expr *e) {
  const bool is_equality = e->op.binary == BinaryOp::Eq || e->op.binary == BinaryOp::Ne;
  const Type *a = e->a->type, *b = e->b->type;
  e->type = types_.int_type();
  if (types::is_integer(a) && types::is_integer(b)) {
    const Expr *left = e->a, *right = e->b;
    const Type *common = usual_conversions(e->a, e->b);
    if (!types::is_error(common)) warn_comparison(e, left, right, common);
    fold_binary(e);
    return;
  }
  if (types::is_pointer(a) && types::is_pointer(b)) {
    for (const Expr *side : {e->a, e->b})
      if (side->kind == Expr::ImplicitCast && side->a->kind == Expr::StringLit && !is_null_pointer(e->a) &&
          !is_null_pointer(e->b))
        report<diag::StringComparison>(at_op(e)).hint("`bpf_strncmp` compares characters");
    const Type *ap = types_.unqualified(types::base_of(a)), *bp = types_.unqualified(types::base_of(b));
    const bool same_space = types::is_arena(types::base_of(a)) == types::is_arena(types::base_of(b)) ||
                            is_null_pointer(e->a) || is_null_pointer(e->b);
    if (!same_space) report<diag::AddressSpacesMixed>(at_op(e), types::to_string(a), types::to_string(b));
    const bool fine = !same_space || types::compatible(ap->plain, bp->plain) || types::is_void(ap) ||
                      types::is_void(bp) || is_null_pointer(e->a) || is_null_pointer(e->b);
    if (!fine) report<diag::PointerComparison>(at_op(e), types::to_string(a), types::to_string(b));
    return;
  }
  if ((types::is_pointer(a) && types::is_integer(b)) || (types::is_integer(a) && types::is_pointer(b))) {
    Expr *&integer = types::is_integer(a) ? e->a : e->b;
    if (!(is_null_pointer(integer) && is_equality) && !(integer->is_constant && integer->value == 0))
      report<diag::PointerIntegerComparison>(at_op(e), types::to_string(a), types::to_string(b));
    integer = convert(integer, types::is_pointer(a) ? a : b);
    return;
  }
  report_operands(e);
}

// ---------------------------------------------------------------- assignment, casts

void Analyzer::assignment(Expr *e) {
  e->a = expr(e->a);
  e->b = value(e->b);
  if (!check_assignable(e->a, e->op_loc.valid() ? at_op(e) : e->range) || types::is_error(e->b->type)) {
    poison(e);
    return;
  }
  const Type *target = types_.unqualified(e->a->type);
  e->type = target;
  if (e->op.assign == ast::AssignOp::Assign) {
    note_filled_parameter(e->a, e->b);
    if (Symbol *whole = e->a->kind == Expr::Identifier ? e->a->symbol : nullptr; whole != nullptr) {
      whole->is_filled = true;
      const Expr *from = ast::without_implicit_casts(e->b);
      if (from->kind == Expr::Identifier && from->symbol == whole && !is_from_macro(e))
        report<diag::SelfAssignment>(at_op(e), whole->name);
    }
    e->b = assign_to(target, e->b, {Into::Assignment, {}, 0, nullptr, e->op_loc});
    return;
  }
  if (reject_float(target, e->a->range) || reject_float(e->b->type, e->b->range)) {
    poison(e);
    return;
  }
  static constexpr std::string_view kOps[] = {"=", "*=", "/=", "%=", "+=", "-=", "<<=", ">>=", "&=", "^=", "|="};
  const ast::AssignOp op = e->op.assign;
  if (types::is_atomic(e->a->type)) {
    atomic_update(e, kOps[static_cast<size_t>(op)], atomic_form(op), e->b);
    return;
  }
  const bool is_additive = op == ast::AssignOp::Add || op == ast::AssignOp::Sub;
  if (types::is_pointer(target) && is_additive && types::is_integer(e->b->type)) {
    const Type *pointee = types::base_of(target);
    if (!types::is_void(pointee) && !types::is_function(pointee) &&
        !require_complete(pointee, e->range, "what the pointer points to"))
      poison(e);
    else
      e->b = promote(e->b);
    return;
  }
  if (!types::is_integer(target) || !types::is_integer(e->b->type)) {
    report<diag::BadOperands>(at_op(e), kOps[static_cast<size_t>(op)], types::to_string(e->a->type),
                              types::to_string(e->b->type));
    poison(e);
    return;
  }
  const bool is_shift = op == ast::AssignOp::Shl || op == ast::AssignOp::Shr;
  const bool is_product = op == ast::AssignOp::Mul || op == ast::AssignOp::Div || op == ast::AssignOp::Mod;
  if ((is_product && (types::is_int128(target) || types::is_int128(e->b->type))) ||
      (is_shift && types::is_int128(target) && !e->b->is_constant)) {
    report_wide_operation(e, kOps[static_cast<size_t>(op)]);
    return;
  }
  if (is_shift && types::is_int128(e->b->type)) e->b = convert(e->b, types_.basic(Kind::ULong));
  if ((op == ast::AssignOp::Div || op == ast::AssignOp::Mod) && e->b->is_constant && e->b->value == 0 && dead_ == 0 &&
      unevaluated_ == 0)
    report<diag::ConstantDivisor>(at_op(e), op == ast::AssignOp::Div ? "division" : "remainder");
  if (is_shift) {
    e->b = promote(e->b);
    return;
  }
  // The operation is done in the common type of both sides; the right side is converted to it here, and lowering
  // converts the left side to the type of the right.
  Expr *left = nodes_->make<Expr>();
  left->kind = Expr::ImplicitCast;
  left->range = e->a->range;
  left->a = e->a;
  left->cast = CastKind::LvalueToRvalue;
  left->type = target;
  const Type *common = usual_conversions(left, e->b);
  if (types::is_error(common)) poison(e);
}

void Analyzer::explicit_cast(Expr *e) {
  const Type *t = type_name(*e->type_name);
  e->a = value(e->a);
  if (types::is_error(t) || types::is_error(e->a->type)) {
    poison(e);
    return;
  }
  const Type *from = e->a->type;
  e->type = types_.unqualified(t);
  if (types::is_void(t)) {
    e->cast = CastKind::ToVoid;
    return;
  }
  if (types::is_record(t) && types::same(e->type, types_.unqualified(from))) {
    e->cast = CastKind::NoOp;
    return;
  }
  if (types::is_record(t) && t->plain->record->is_union) {  // GNU: a cast to a union that has a member of that type
    for (const types::Field &field : t->plain->record->fields) {
      if (!types::compatible(types_.unqualified(field.type), types_.unqualified(from))) continue;
      e->cast = CastKind::ToUnion;
      return;
    }
  }
  if (!types::is_scalar(t) || !types::is_scalar(from)) {
    report<diag::BadCast>(e->range, types::to_string(from), types::to_string(t));
    poison(e);
    return;
  }
  if (types::is_float(t) || types::is_float(from)) {
    const auto number = number_of(e->a);
    if (number && types::is_arithmetic(t) && !types::is_int128(t))
      set_number(e, *number);
    else if (reject_float(t, e->type_name->range) || reject_float(from, e->a->range))
      poison(e);
    return;
  }
  if (types::is_pointer(t)) {
    e->cast = types::is_pointer(from) ? CastKind::PointerToPointer : CastKind::IntegerToPointer;
  } else if (types::is_bool(t)) {
    e->cast = types::is_pointer(from) ? CastKind::PointerToBool : CastKind::IntegerToBool;
  } else {
    e->cast = types::is_pointer(from) ? CastKind::PointerToInteger : CastKind::IntegerToInteger;
  }
  fold_cast(e);
}

}  // namespace spile::sema
