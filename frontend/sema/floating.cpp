// Floating-point constants. BPF computes with integers alone, so a number with a fraction must be known here and end as
// an integer: in a cast, a comparison, an assignment to an integer. What would need an instruction is reject_float()'s.
#include <bit>
#include <charconv>
#include <cmath>

#include "frontend/sema/analyzer.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

using ast::BinaryOp;

// BPF's `long double` is a double.
void Analyzer::float_literal(Expr *e) {
  std::string_view text = e->text;
  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  if (is_hex) text.remove_prefix(2);
  Kind kind = Kind::Double;
  if (const char last = text.back(); last == 'l' || last == 'L')
    kind = Kind::LongDouble;
  else if (!is_hex && (last == 'f' || last == 'F'))
    kind = Kind::Float;
  else if (is_hex && text.find_first_of("pP") != std::string_view::npos && (last == 'f' || last == 'F'))
    kind = Kind::Float;
  if (kind != Kind::Double) text.remove_suffix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number,
                                            is_hex ? std::chars_format::hex : std::chars_format::general);
  e->type = types_.basic(kind);
  const bool lacks_exponent = is_hex && text.find_first_of("pP") == std::string_view::npos;
  if (lacks_exponent || end != text.data() + text.size() || error == std::errc::invalid_argument) {
    report<diag::BadNumber>(e->range, e->text);
    poison(e);
    return;
  }
  set_number(e, number);
}

// The value of an arithmetic constant.
std::optional<double> Analyzer::number_of(const Expr *e) {
  if (e->is_number) return std::bit_cast<double>(e->value);
  if (!e->is_constant || !types::is_integer(e->type) || types::is_int128(e->type)) return std::nullopt;
  return types::is_signed(e->type) ? static_cast<double>(e->value)
                                   : static_cast<double>(static_cast<uint64_t>(e->value));
}

// [e], of an arithmetic type, has this value. What does not fit into an integer is undefined in C, and 0 here.
void Analyzer::set_number(Expr *e, double number) {
  if (types::is_float(e->type)) {
    if (e->type->plain->kind == Kind::Float) number = static_cast<float>(number);
    e->is_number = true;
    e->value = std::bit_cast<int64_t>(number);
    return;
  }
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (types::is_bool(e->type))
    set_constant(e, number != 0 ? 1 : 0);
  else if (number >= -kTwoTo63 && number < kTwoTo63)
    set_constant(e, static_cast<uint64_t>(static_cast<int64_t>(number)));
  else
    set_constant(e, number >= 0 && number < 2 * kTwoTo63 ? static_cast<uint64_t>(number) : 0);
}

bool Analyzer::reject_float(const Type *t, Range at) {
  if (!types::is_float(t)) return false;
  report<diag::FloatingPoint>(at, fmt::format("`{}`", types::to_string(t)))
      .hint("use integers, scaled: the kernel has no floating point");
  return true;
}

// A conversion from or to a type of floating-point numbers.
Expr *Analyzer::convert_number(Expr *e, const Type *to) {
  const auto number = number_of(e);
  if (!number || !types::is_arithmetic(to) || types::is_int128(to)) {
    if (!reject_float(e->type, e->range)) reject_float(to, e->range);
    return poison(e);
  }
  Expr *made = cast(e, to, ast::CastKind::NoOp);
  set_number(made, *number);
  return made;
}

// One operand at least is a floating-point number.
void Analyzer::floating_operation(Expr *e) {
  if (!number_of(e->a) || !number_of(e->b)) {
    if (!reject_float(e->a->type, e->a->range)) reject_float(e->b->type, e->b->range);
    poison(e);
    return;
  }
  const Type *common = usual_conversions(e->a, e->b);
  // As they are in the common type: a `float` has fewer digits than an `int`.
  const double a = *number_of(e->a), b = *number_of(e->b);
  const auto is = [&](const Type *type, double number) {
    e->type = type;
    set_number(e, number);
  };
  const auto holds = [&](bool truth) { is(types_.int_type(), truth ? 1 : 0); };
  switch (e->op.binary) {
    case BinaryOp::Mul:
      return is(common, a * b);
    case BinaryOp::Div:
      return is(common, a / b);
    case BinaryOp::Add:
      return is(common, a + b);
    case BinaryOp::Sub:
      return is(common, a - b);
    case BinaryOp::Lt:
      return holds(a < b);
    case BinaryOp::Gt:
      return holds(a > b);
    case BinaryOp::Le:
      return holds(a <= b);
    case BinaryOp::Ge:
      return holds(a >= b);
    case BinaryOp::Eq:
      return holds(a == b);
    case BinaryOp::Ne:
      return holds(a != b);
    case BinaryOp::Mod:
    case BinaryOp::Shl:
    case BinaryOp::Shr:
    case BinaryOp::BitAnd:
    case BinaryOp::BitXor:
    case BinaryOp::BitOr:
    case BinaryOp::LogAnd:
    case BinaryOp::LogOr:
    case BinaryOp::Comma:
      return report_operands(e);
  }
}

}  // namespace spile::sema
