// Warnings about operators that do not do what they seem to: precedence, signs, comparisons whose result is known,
// conversions that lose bits. Each has clang's name and clang's default (warnings.def); what a macro of somebody else
// makes is left alone where clang leaves it alone.
#include <algorithm>
#include <bit>

#include "frontend/sema/analyzer.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

using ast::BinaryOp;
using ast::CastKind;
using ast::UnaryOp;
using ast::without_implicit_casts;

namespace {

bool is_comparison(const Expr *e) {
  e = without_implicit_casts(e);
  return e->kind == Expr::Binary && e->op.binary >= BinaryOp::Lt && e->op.binary <= BinaryOp::Ne;
}

// [e] as the operator [op] that stands there without parentheses; null when it is something else.
const Expr *bare(const Expr *e, BinaryOp op) {
  e = without_implicit_casts(e);
  return e->kind == Expr::Binary && !e->is_paren && e->op.binary == op ? e : nullptr;
}

const Symbol *variable_of(const Expr *e) {
  e = without_implicit_casts(e);
  return e->kind == Expr::Identifier && e->symbol != nullptr && e->symbol->kind != SymbolKind::Enumerator ? e->symbol
                                                                                                          : nullptr;
}

// Bits that hold every value that an expression can have, with one for the sign unless it is never below zero
// (clang: IntRange, GetExprRange).
struct ValueRange {
  unsigned width = 0;
  bool is_non_negative = false;
  unsigned value_bits() const { return is_non_negative ? width : width - 1; }
};
ValueRange range_of(const Type *t) {
  if (types::is_bool(t)) return {1, true};
  return {static_cast<unsigned>(types::size_of(t)) * 8, types::is_pointer(t) || !types::is_signed(t)};
}
ValueRange range_of(int64_t constant, const Type *t) {
  const bool is_negative = constant < 0 && types::is_signed(t);
  const auto bits = static_cast<uint64_t>(is_negative ? ~constant : constant);
  return {static_cast<unsigned>(std::bit_width(bits)) + (is_negative ? 1 : 0), !is_negative};
}
ValueRange joined(ValueRange a, ValueRange b, unsigned more_bits) {
  const bool is_non_negative = a.is_non_negative && b.is_non_negative;
  return {std::max(a.value_bits(), b.value_bits()) + more_bits + (is_non_negative ? 0 : 1), is_non_negative};
}

// [may_carry]: sums and products are as wide as they can get; else as wide as their operands, as who stores a sum of
// bytes in a byte means it.
ValueRange range_of(const Expr *e, bool may_carry);

ValueRange range_of_binary(const Expr *e, bool may_carry) {
  const BinaryOp op = e->op.binary;
  if ((op >= BinaryOp::Lt && op <= BinaryOp::Ne) || op == BinaryOp::LogAnd || op == BinaryOp::LogOr) return {1, true};
  if (op == BinaryOp::Comma) return range_of(e->b, may_carry);
  const ValueRange whole = range_of(e->type);
  if (!types::is_integer(e->a->type) || !types::is_integer(e->b->type) || op == BinaryOp::Shl) return whole;
  ValueRange a = range_of(e->a, may_carry);
  const ValueRange b = range_of(e->b, may_carry);
  ValueRange made;
  switch (op) {
    case BinaryOp::BitAnd:
      made = {std::max(a.width, b.width), a.is_non_negative || b.is_non_negative};
      if (a.is_non_negative) made.width = std::min(made.width, a.width);
      if (b.is_non_negative) made.width = std::min(made.width, b.width);
      return made;
    case BinaryOp::Shr:
      if (!e->b->is_constant || e->b->value < 0) return a;
      a.width = static_cast<uint64_t>(e->b->value) < a.width ? a.width - static_cast<unsigned>(e->b->value)
                                                             : (a.is_non_negative ? 0 : 1);
      return a;
    case BinaryOp::Div:
      if (e->b->is_constant && e->b->value > 0) {
        const auto less = static_cast<unsigned>(std::bit_width(static_cast<uint64_t>(e->b->value))) - 1;
        a.width = less < a.width ? a.width - less : (a.is_non_negative ? 0 : 1);
        return a;
      }
      return {a.width, a.is_non_negative && b.is_non_negative};
    case BinaryOp::Mod:
      return {std::min(a.value_bits(), b.value_bits()) + (a.is_non_negative ? 0 : 1), a.is_non_negative};
    case BinaryOp::Sub:
      made = joined(a, b, may_carry && !(a.is_non_negative && b.is_non_negative) ? 1 : 0);
      if (may_carry && made.is_non_negative) made = {made.width + 1, false};
      break;
    case BinaryOp::Mul:
      made = joined(a, b, may_carry ? std::min(a.value_bits(), b.value_bits()) : 0);
      break;
    case BinaryOp::Add:
      made = joined(a, b, may_carry ? 1 : 0);
      break;
    default:  // | and ^
      made = joined(a, b, 0);
      break;
  }
  made.is_non_negative |= whole.is_non_negative;
  made.width = std::min(made.width, whole.width);
  return made;
}

ValueRange range_of(const Expr *e, bool may_carry) {
  if (e->is_constant) return range_of(e->value, e->type);
  const ValueRange whole = range_of(e->type);
  switch (e->kind) {
    case Expr::ImplicitCast: {
      if (e->cast == CastKind::LvalueToRvalue && e->a->kind == Expr::Member && e->a->field != nullptr &&
          e->a->field->bit_width != 0)
        return {e->a->field->bit_width, !types::is_signed(e->a->type)};
      if (e->cast != CastKind::IntegerToInteger) return whole;
      const ValueRange inner = range_of(e->a, may_carry);
      return inner.width >= whole.width ? whole
                                        : ValueRange{inner.width, inner.is_non_negative || whole.is_non_negative};
    }
    case Expr::Binary:
      return range_of_binary(e, may_carry);
    case Expr::Conditional:
      if (e->b == nullptr || types::is_void(e->type) || !types::is_integer(e->b->type)) return whole;
      if (e->a->is_constant) return range_of(e->a->value != 0 ? e->b : e->c, may_carry);
      return joined(range_of(e->b, may_carry), range_of(e->c, may_carry), 0);
    case Expr::Unary:
      return e->op.unary == UnaryOp::Not ? ValueRange{1, true} : whole;
    default:
      return whole;
  }
}

// A value of a signed type that never is below zero.
bool is_never_negative(const Expr *e) { return range_of(e, true).is_non_negative; }

struct Bounds {
  int64_t low = 0;
  uint64_t high = 0;
};
Bounds bounds_of(const Type *t) {
  const unsigned bits = static_cast<unsigned>(types::size_of(t)) * 8;
  if (types::is_bool(t)) return {0, 1};
  if (types::is_signed(t)) return {INT64_MIN >> (64 - bits), (uint64_t{1} << (bits - 1)) - 1};
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
        if (without_implicit_casts(side->b)->kind == Expr::StringLit) continue;
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
      return is_comparison(side) && !without_implicit_casts(side)->is_paren;
    };
    const bool left = is_bare_comparison(e->a), right = is_bare_comparison(e->b);
    if (left != right && !is_comparison(left ? e->b : e->a) && !is_from_macro(e)) {
      const Expr *inner = without_implicit_casts(left ? e->a : e->b);
      const char *own = op == BinaryOp::BitAnd ? "&" : op == BinaryOp::BitOr ? "|" : "^";
      report<diag::BitwiseOfComparison>(at_op(e), own, spelling(inner->op.binary))
          .hint("`(a {} b) {} c` works on the bits first", own, spelling(inner->op.binary));
    }
  }
  const bool compares = op >= BinaryOp::Lt && op <= BinaryOp::Ne;
  if (compares || op == BinaryOp::BitAnd) {
    const Expr *left = without_implicit_casts(e->a);
    const bool is_not = left->kind == Expr::Unary && left->op.unary == UnaryOp::Not && !left->is_paren;
    const Expr *right = without_implicit_casts(e->b);
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
    const Type *t = without_implicit_casts(other)->is_lvalue ? other->type : without_implicit_casts(other)->type;
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
  while (e->kind == Expr::ImplicitCast && e->cast == CastKind::IntegerToInteger) e = e->a;
  if (e->is_constant || dead_ != 0 || unevaluated_ != 0 || types::is_bool(to)) return;
  // Each side of ?: goes its own way.
  if (e->kind == Expr::Conditional && e->b != nullptr && types::is_integer(e->b->type)) {
    warn_conversion(to, e->b);
    warn_conversion(to, e->c);
    return;
  }
  const uint64_t have = types::size_of(e->type), want = types::size_of(to);
  if (want < have) {
    // What was only promoted for the arithmetic, masked or shifted, fits.
    if (range_of(e, false).width <= want * 8) return;
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
  const Expr *size = without_implicit_casts(call->args[2]);
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
