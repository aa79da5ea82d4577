// Warnings about operators that do not do what they seem to: precedence, signs, comparisons whose result is known,
// conversions that lose bits. Each has clang's name and clang's default (warnings.def); what a macro of somebody else
// makes is left alone where clang leaves it alone.
#include "frontend/sema/analyzer.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

using ast::BinaryOp;
using ast::CastKind;
using ast::UnaryOp;

namespace {

const Expr *without_casts(const Expr *e) {
  while (e->kind == Expr::ImplicitCast) e = e->a;
  return e;
}

bool is_comparison(const Expr *e) {
  e = without_casts(e);
  return e->kind == Expr::Binary && e->op.binary >= BinaryOp::Lt && e->op.binary <= BinaryOp::Ne;
}

// [e] as the operator [op] that stands there without parentheses; null when it is something else.
const Expr *bare(const Expr *e, BinaryOp op) {
  e = without_casts(e);
  return e->kind == Expr::Binary && !e->is_paren && e->op.binary == op ? e : nullptr;
}

const Symbol *variable_of(const Expr *e) {
  e = without_casts(e);
  return e->kind == Expr::Identifier && e->symbol != nullptr && e->symbol->kind != SymbolKind::Enumerator ? e->symbol
                                                                                                          : nullptr;
}

// Whether a value of a signed type is never below zero: a constant, something widened from an unsigned type, the
// result of a comparison or of a mask.
bool is_never_negative(const Expr *e) {
  if (e->is_constant) return e->value >= 0;
  switch (e->kind) {
    case Expr::ImplicitCast:
    case Expr::Cast:
      if (e->cast == CastKind::LvalueToRvalue) {
        const Expr *member = e->a;
        const bool is_bits = member->kind == Expr::Member && member->field != nullptr && member->field->bit_width != 0;
        return types::is_integer(e->type) &&
               (!types::is_signed(e->type) || (is_bits && !types::is_signed(member->type)));
      }
      if (e->cast != CastKind::IntegerToInteger) return e->cast == CastKind::IntegerToBool;
      if (!types::is_signed(e->a->type) && types::size_of(e->a->type) < types::size_of(e->type)) return true;
      return is_never_negative(e->a) && types::size_of(e->a->type) <= types::size_of(e->type);
    case Expr::Binary:
      switch (e->op.binary) {
        case BinaryOp::BitAnd:
          return is_never_negative(e->a) || is_never_negative(e->b);
        case BinaryOp::Shr:
        case BinaryOp::Mod:
          return is_never_negative(e->a);
        case BinaryOp::Div:
        case BinaryOp::BitOr:
        case BinaryOp::BitXor:
          return is_never_negative(e->a) && is_never_negative(e->b);
        default:
          return is_comparison(e) || e->op.binary == BinaryOp::LogAnd || e->op.binary == BinaryOp::LogOr;
      }
    case Expr::Conditional:
      return e->b != nullptr && is_never_negative(e->b) && is_never_negative(e->c);
    case Expr::Unary:
      return e->op.unary == UnaryOp::Not;
    default:
      return !types::is_signed(e->type);
  }
}

struct Bounds {
  int64_t low = 0;
  uint64_t high = 0;
};
Bounds bounds_of(const Type *t) {
  const unsigned bits = static_cast<unsigned>(types::size_of(t)) * 8;
  if (types::is_bool(t)) return {0, 1};
  if (types::is_signed(t)) return {-(int64_t{1} << (bits - 1)), (uint64_t{1} << (bits - 1)) - 1};
  return {0, bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1};
}

}  // namespace

bool Analyzer::is_from_macro(const Expr *e) const {
  const Loc at = e->op_loc.valid() ? e->op_loc : e->range.begin;
  return !diags_.sources().expansions(at).empty();
}

// Called with a binary operator whose operands are typed and not yet converted to each other.
void Analyzer::warn_precedence(const Expr *e) {
  const BinaryOp op = e->op.binary;
  if (op == BinaryOp::LogOr || op == BinaryOp::BitOr || op == BinaryOp::BitXor) {
    const BinaryOp inner = op == BinaryOp::LogOr ? BinaryOp::LogAnd : BinaryOp::BitAnd;
    const Expr *left = bare(e->a, inner), *right = bare(e->b, inner);
    for (const Expr *side : {left, right}) {
      if (side == nullptr || is_from_macro(side)) continue;
      const char *own = op == BinaryOp::LogOr ? "||" : op == BinaryOp::BitOr ? "|" : "^";
      if (op == BinaryOp::LogOr) {
        // A string stands for true; `assert(a || b && "text")` is meant.
        if (without_casts(side->b)->kind == Expr::StringLit) continue;
        report<diag::LogicalParentheses>(at_op(side), "&&", own)
            .hint("parentheses around the `&&` say that it is meant");
      } else {
        report<diag::BitwiseParentheses>(at_op(side), "&", own).hint("parentheses around the `&` say that it is meant");
      }
    }
  }
  if (op == BinaryOp::Shl || op == BinaryOp::Shr) {
    for (const Expr *side : {e->a, e->b}) {
      const Expr *sum = bare(side, BinaryOp::Add);
      if (sum == nullptr) sum = bare(side, BinaryOp::Sub);
      if (sum == nullptr || is_from_macro(sum)) continue;
      const char *plus = sum->op.binary == BinaryOp::Add ? "+" : "-";
      report<diag::ShiftParentheses>(at_op(e), op == BinaryOp::Shl ? "<<" : ">>", plus)
          .hint("parentheses around the `{}` say that it is meant", plus);
    }
  }
  if (op == BinaryOp::BitAnd || op == BinaryOp::BitOr || op == BinaryOp::BitXor) {
    const auto is_bare_comparison = [](const Expr *side) {
      return is_comparison(side) && !without_casts(side)->is_paren;
    };
    const bool left = is_bare_comparison(e->a), right = is_bare_comparison(e->b);
    if (left != right && !is_comparison(left ? e->b : e->a) && !is_from_macro(e)) {
      const Expr *inner = without_casts(left ? e->a : e->b);
      const char *own = op == BinaryOp::BitAnd ? "&" : op == BinaryOp::BitOr ? "|" : "^";
      report<diag::BitwiseOfComparison>(at_op(e), own, spelling(inner->op.binary))
          .hint("`(a {} b) {} c` works on the bits first", own, spelling(inner->op.binary));
    }
  }
  const bool compares = op >= BinaryOp::Lt && op <= BinaryOp::Ne;
  if (compares || op == BinaryOp::BitAnd) {
    const Expr *left = without_casts(e->a);
    const bool is_not = left->kind == Expr::Unary && left->op.unary == UnaryOp::Not && !left->is_paren;
    const Expr *right = without_casts(e->b);
    const bool is_truth = is_comparison(right) || types::is_bool(right->type) ||
                          (right->kind == Expr::Unary && right->op.unary == UnaryOp::Not);
    if (is_not && !is_truth && !is_from_macro(e))
      report<diag::LogicalNotParentheses>(at_op(left), spelling(op))
          .hint("`!(a {0} b)` negates the whole, `(!a) {0} b` says that this is meant", spelling(op));
  }
}

// Called with the operands of a comparison, promoted neither; [common]: the type in which they will be compared.
void Analyzer::warn_comparison(const Expr *e, const Expr *a, const Expr *b, const Type *common) {
  if (unevaluated_ != 0 || dead_ != 0 || types::is_int128(common)) return;
  const BinaryOp op = e->op.binary;
  const bool is_equality = op == BinaryOp::Eq || op == BinaryOp::Ne;
  const Symbol *left = variable_of(a);
  if (left != nullptr && left == variable_of(b) && !types::is_shared(left->type) && !is_from_macro(e)) {
    const bool holds = op == BinaryOp::Eq || op == BinaryOp::Le || op == BinaryOp::Ge;
    report<diag::SelfComparison>(at_op(e), left->name, holds ? "true" : "false");
    return;
  }
  for (const bool constant_is_left : {false, true}) {
    const Expr *number = constant_is_left ? a : b, *other = constant_is_left ? b : a;
    if (!number->is_constant || other->is_constant) continue;
    const Type *t = without_casts(other)->is_lvalue ? other->type : without_casts(other)->type;
    if (!types::is_integer(t) || types::is_int128(t) || types::is_bool(t)) continue;
    const bool is_negative = number->value < 0 && types::is_signed(number->type);
    if (!types::is_signed(common) && number->value == 0 && !types::is_enum(t) && !is_from_macro(e)) {
      const bool below = constant_is_left ? op == BinaryOp::Gt : op == BinaryOp::Lt;
      const bool not_below = constant_is_left ? op == BinaryOp::Le : op == BinaryOp::Ge;
      if (below || not_below) report<diag::UnsignedBelowZero>(at_op(e), types::to_string(t), below ? "false" : "true");
    }
    // Only a type narrower than that of the comparison leaves room for a constant outside of it.
    if (types::size_of(t) >= types::size_of(common) || types::is_enum(t)) continue;
    const Bounds bounds = bounds_of(t);
    const bool is_below = is_negative && number->value < bounds.low;
    const bool is_above = !is_negative && static_cast<uint64_t>(number->value) > bounds.high;
    if (!is_below && !is_above) continue;
    if (is_negative && !types::is_signed(common)) continue;  // the sign is lost: a matter of -Wsign-compare
    bool holds = op == BinaryOp::Ne;
    if (!is_equality) {
      const bool other_is_less = is_above;
      const bool asks_less = (op == BinaryOp::Lt || op == BinaryOp::Le) != constant_is_left;
      holds = other_is_less == asks_less;
    }
    report<diag::ComparisonOutOfRange>(at_op(e), number->value, types::to_string(t), holds ? "true" : "false");
    return;
  }
  if (types::is_signed(common)) return;
  const bool a_signed = types::is_signed(a->type), b_signed = types::is_signed(b->type);
  const Expr *negative = a_signed ? a : b;
  if (a_signed == b_signed || is_never_negative(negative)) return;
  const Expr *positive = a_signed ? b : a;
  // Equal to a constant that no negative number turns into: nothing can go wrong.
  if (is_equality && positive->is_constant && positive->value >= 0 &&
      static_cast<uint64_t>(positive->value) <= bounds_of(negative->type).high)
    return;
  report<diag::SignCompare>(at_op(e), types::to_string(a->type), types::to_string(b->type))
      .hint("a negative value becomes a large one: cast one side");
}

// A value that goes into a narrower type, or one of another sign, without a cast.
void Analyzer::warn_conversion(const Type *to, const Expr *e) {
  if (e->is_constant || dead_ != 0 || unevaluated_ != 0 || types::is_bool(to)) return;
  const uint64_t have = types::size_of(e->type), want = types::size_of(to);
  if (want < have) {
    // What was only promoted for the arithmetic, or masked, fits.
    const Expr *inner = e;
    while (inner->kind == Expr::ImplicitCast && inner->cast == CastKind::IntegerToInteger) inner = inner->a;
    if (types::size_of(inner->type) <= want || is_comparison(inner) || types::is_bool(inner->type)) return;
    if (inner->kind == Expr::Binary && inner->op.binary == BinaryOp::BitAnd)
      for (const Expr *mask : {inner->a, inner->b})
        if (mask->is_constant && mask->value >= 0 && static_cast<uint64_t>(mask->value) <= bounds_of(to).high) return;
    if (have == 8 && want == 4)
      report<diag::Shorten64To32>(e->range, types::to_string(e->type), types::to_string(to));
    else
      report<diag::ImplicitTruncation>(e->range, types::to_string(e->type), types::to_string(to));
    return;
  }
  const bool changes_sign = types::is_signed(to) != types::is_signed(e->type);
  if (changes_sign && !(types::is_signed(to) && want > have) && !is_never_negative(e))
    report<diag::SignConversion>(e->range, types::to_string(e->type), types::to_string(to));
}

// memset(p, 0, sizeof(p)): the size of the pointer.
void Analyzer::warn_size_of_pointer(const Expr *call) {
  if (call->args.size() < 3) return;
  const Expr *size = without_casts(call->args[2]);
  if (size->kind != Expr::SizeofExpr || size->a == nullptr || !types::is_pointer(size->a->type)) return;
  const Symbol *measured = variable_of(size->a);
  if (measured == nullptr) return;
  for (const Expr *arg : call->args.first(2)) {
    if (variable_of(arg) != measured) continue;
    report<diag::SizeofPointer>(size->range, measured->name, types::size_of(size->a->type))
        .hint("`sizeof(*{})` is the size of what it points to", measured->name);
    return;
  }
}

}  // namespace spile::sema
