// Constant expressions: every integer operation is folded as soon as its operands are constants, so Expr::value is
// exact (64 bits, wrapped to the expression's type) wherever is_constant is set.
#include "frontend/sema/constant.h"

#include "frontend/sema/analyzer.h"
#include "frontend/sema/builtins.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

using ast::BinaryOp;
using ast::CastKind;
using ast::UnaryOp;

int64_t cut(const Type *t, uint64_t value) {
  if (types::is_bool(t)) return value != 0 ? 1 : 0;
  const uint64_t bytes = types::size_of(t);
  if (bytes >= 8) return static_cast<int64_t>(value);
  const unsigned bits = static_cast<unsigned>(bytes) * 8;
  const uint64_t low = value & ((uint64_t{1} << bits) - 1);
  const bool negative = types::is_signed(t) && (low >> (bits - 1)) != 0;
  return static_cast<int64_t>(negative ? low | ~uint64_t{0} << bits : low);
}

void Analyzer::set_constant(Expr *e, uint64_t value) {
  e->is_constant = true;
  e->value = cut(e->type, value);
}

static std::optional<uint64_t> folded(UnaryOp op, uint64_t v) {
  switch (op) {
    case UnaryOp::Plus:
      return v;
    case UnaryOp::Minus:
      return uint64_t{0} - v;
    case UnaryOp::BitNot:
      return ~v;
    case UnaryOp::Not:
      return v == 0 ? 1 : 0;
    case UnaryOp::Deref:
    case UnaryOp::AddressOf:
    case UnaryOp::PreInc:
    case UnaryOp::PreDec:
    case UnaryOp::PostInc:
    case UnaryOp::PostDec:
    case UnaryOp::Extension:
    case UnaryOp::Real:
    case UnaryOp::Imag:
      break;
  }
  return std::nullopt;
}

// Of two integers of type [t], which both operands have (of a shift: the left one).
static std::optional<uint64_t> folded(BinaryOp op, const Type *t, int64_t a, int64_t b) {
  const uint64_t ua = static_cast<uint64_t>(a), ub = static_cast<uint64_t>(b);
  const bool is_signed = types::is_signed(t);
  const uint64_t mask = types::size_of(t) * 8 - 1;  // shift counts
  const auto compare = [&](auto test) -> uint64_t { return (is_signed ? test(a, b) : test(ua, ub)) ? 1 : 0; };
  switch (op) {
    case BinaryOp::Mul:
      return ua * ub;
    case BinaryOp::Div:
      if (b == 0) return std::nullopt;
      return !is_signed ? ua / ub : b == -1 ? uint64_t{0} - ua : static_cast<uint64_t>(a / b);
    case BinaryOp::Mod:
      if (b == 0) return std::nullopt;
      return !is_signed ? ua % ub : b == -1 ? 0 : static_cast<uint64_t>(a % b);
    case BinaryOp::Add:
      return ua + ub;
    case BinaryOp::Sub:
      return ua - ub;
    case BinaryOp::Shl:
      return ua << (ub & mask);
    case BinaryOp::Shr:
      return is_signed ? static_cast<uint64_t>(a >> (ub & mask)) : ua >> (ub & mask);
    case BinaryOp::Lt:
      return compare([](auto x, auto y) { return x < y; });
    case BinaryOp::Gt:
      return compare([](auto x, auto y) { return x > y; });
    case BinaryOp::Le:
      return compare([](auto x, auto y) { return x <= y; });
    case BinaryOp::Ge:
      return compare([](auto x, auto y) { return x >= y; });
    case BinaryOp::Eq:
      return a == b ? 1 : 0;
    case BinaryOp::Ne:
      return a != b ? 1 : 0;
    case BinaryOp::BitAnd:
      return ua & ub;
    case BinaryOp::BitXor:
      return ua ^ ub;
    case BinaryOp::BitOr:
      return ua | ub;
    case BinaryOp::LogAnd:
    case BinaryOp::LogOr:
    case BinaryOp::Comma:
      break;
  }
  return std::nullopt;
}

void Analyzer::fold_unary(Expr *e) {
  if (!e->a->is_constant || types::is_int128(e->type)) return;
  if (const auto v = folded(e->op.unary, static_cast<uint64_t>(e->a->value))) set_constant(e, *v);
}

void Analyzer::fold_binary(Expr *e) {
  const BinaryOp op = e->op.binary;
  if (op == BinaryOp::LogAnd || op == BinaryOp::LogOr) {
    if (!e->a->is_constant) return;
    const bool left = e->a->value != 0;
    if (left == (op == BinaryOp::LogOr))
      set_constant(e, left ? 1 : 0);
    else if (e->b->is_constant)
      set_constant(e, e->b->value != 0 ? 1 : 0);
    return;
  }
  if (!e->a->is_constant || !e->b->is_constant || !types::is_integer(e->a->type) || types::is_int128(e->a->type))
    return;
  if (const auto v = folded(op, e->a->type, e->a->value, e->b->value)) set_constant(e, *v);
}

void Analyzer::fold_cast(Expr *e, bool also_relocated) {
  if (!types::is_integer(e->type) || types::is_int128(e->type)) return;
  if (e->a->is_constant) {
    set_constant(e, static_cast<uint64_t>(e->a->value));
    return;
  }
  // (size_t)&((struct s *)0)->member, the offsetof of old.
  if (e->cast == CastKind::PointerToInteger && (also_relocated || !is_relocated(e->a)))
    if (const auto known = evaluate_static(e->a); known && known->is_integer())
      set_constant(e, static_cast<uint64_t>(known->offset));
}

std::optional<int64_t> Analyzer::integer_constant(Expr *e, std::string_view what) {
  // Callers hold the node by pointer, so it is typed in place and the value read through what decay() makes of it.
  Expr *typed = value(e);
  if (types::is_error(typed->type)) return std::nullopt;
  if (!types::is_integer(typed->type)) {
    report<diag::NotInteger>(typed->range, what, types::to_string(typed->type));
    return std::nullopt;
  }
  if (!typed->is_constant) fold_relocated(typed);
  if (is_open_question(typed)) set_constant(typed, 0);
  if (!typed->is_constant && types::size_of(typed->type) <= 8)
    if (const auto known = evaluate_static(typed); known && known->is_integer()) {
      set_constant(typed, static_cast<uint64_t>(known->offset));
      // Callers read the node that they have: it is no variable any more.
      e->type = typed->type;
      e->is_lvalue = false;
      set_constant(e, static_cast<uint64_t>(known->offset));
    }
  if (!typed->is_constant) {
    report<diag::NotConstant>(typed->range, what);
    return std::nullopt;
  }
  return typed->value;
}

// ---------------------------------------------------------------- addresses

namespace {

std::optional<StaticValue> address_of(const Expr *e);

std::optional<StaticValue> moved(std::optional<StaticValue> base, int64_t by) {
  if (base) base->offset = static_cast<int64_t>(static_cast<uint64_t>(base->offset) + static_cast<uint64_t>(by));
  return base;
}

int64_t step(const Type *pointer) {
  const Type *pointee = types::base_of(pointer);
  return types::is_complete(pointee) ? static_cast<int64_t>(types::size_of(pointee)) : 1;
}

StaticValue integer(const Type *t, uint64_t value) {
  const int64_t v = cut(t, value);
  return {nullptr, nullptr, v, v < 0 && types::is_signed(t)};
}

std::optional<StaticValue> binary_value(const Expr *e) {
  const auto a = evaluate_static(e->a);
  const auto b = a ? evaluate_static(e->b) : std::nullopt;
  if (!b) return std::nullopt;
  if (a->is_integer() && b->is_integer() && types::is_integer(e->a->type) && types::is_integer(e->b->type) &&
      !types::is_int128(e->a->type)) {
    const auto value = folded(e->op.binary, e->a->type, a->offset, b->offset);
    return value ? std::optional(integer(e->type, *value)) : std::nullopt;
  }
  if (e->op.binary != BinaryOp::Add && e->op.binary != BinaryOp::Sub) return std::nullopt;
  const uint64_t sign = e->op.binary == BinaryOp::Add ? 1 : ~uint64_t{0};
  if (types::is_pointer(e->a->type) && types::is_pointer(e->b->type)) {
    if (a->symbol != b->symbol || a->object != b->object) return std::nullopt;
    const int64_t size = step(e->a->type);
    return StaticValue{nullptr, nullptr, size == 0 ? 0 : (a->offset - b->offset) / size};
  }
  if (types::is_pointer(e->b->type)) {
    if (!a->is_integer()) return std::nullopt;
    return moved(b, static_cast<int64_t>(static_cast<uint64_t>(a->offset) * static_cast<uint64_t>(step(e->b->type))));
  }
  if (!b->is_integer()) return std::nullopt;
  const int64_t size = types::is_pointer(e->a->type) ? step(e->a->type) : 1;
  return moved(a, static_cast<int64_t>(sign * static_cast<uint64_t>(b->offset) * static_cast<uint64_t>(size)));
}

std::optional<StaticValue> address_of(const Expr *e) {
  switch (e->kind) {
    case Expr::Identifier:
      if (e->symbol == nullptr || (!e->symbol->is_static_storage && e->symbol->kind != SymbolKind::Function))
        return std::nullopt;
      return StaticValue{e->symbol, nullptr, 0};
    case Expr::StringLit:
    case Expr::CompoundLit:
      return StaticValue{nullptr, e, 0};
    case Expr::Member:
      if (e->field == nullptr || e->field->bit_width != 0) return std::nullopt;
      return moved(e->is_arrow ? evaluate_static(e->a) : address_of(e->a), static_cast<int64_t>(e->field->offset));
    case Expr::Index: {
      if (!e->b->is_constant) return std::nullopt;
      return moved(evaluate_static(e->a),
                   static_cast<int64_t>(static_cast<uint64_t>(e->b->value) * static_cast<uint64_t>(step(e->a->type))));
    }
    case Expr::Unary:
      if (e->op.unary == UnaryOp::Deref) return evaluate_static(e->a);
      if (e->op.unary == UnaryOp::Extension) return address_of(e->a);
      return std::nullopt;
    case Expr::Generic:
    case Expr::ChooseExpr:
      return e->chosen != nullptr ? address_of(e->chosen) : std::nullopt;
    default:
      return std::nullopt;
  }
}

// GNU: a `const int` that is initialized with a constant may stand where a constant is wanted.
std::optional<StaticValue> constant_variable(const Expr *e) {
  if (e->kind != Expr::Identifier || e->symbol == nullptr || e->symbol->kind != SymbolKind::Variable)
    return std::nullopt;
  Symbol &symbol = *e->symbol;
  const bool is_fixed = types::is_fixed(symbol.type);
  if (!is_fixed || symbol.is_being_evaluated || symbol.initializer == nullptr || !types::is_scalar(symbol.type) ||
      symbol.initializer->entries.size() != 1 || symbol.attributes.weak)
    return std::nullopt;
  symbol.is_being_evaluated = true;
  const auto known = evaluate_static(symbol.initializer->entries[0].value);
  symbol.is_being_evaluated = false;
  return known;
}

}  // namespace

void settle_constant(const Symbol &symbol) {
  if (symbol.initializer == nullptr || symbol.initializer->entries.size() != 1 || !types::is_fixed(symbol.type)) return;
  Expr *const value = symbol.initializer->entries[0].value;
  if (value->is_constant || !types::is_integer(value->type) || types::size_of(value->type) > 8) return;
  const auto known = evaluate_static(value);
  if (!known || !known->is_integer()) return;
  value->is_constant = true;
  value->value = known->offset;
}

std::optional<StaticValue> evaluate_static(const Expr *e) {
  if (e->is_constant) return StaticValue{nullptr, nullptr, e->value, e->value < 0 && types::is_signed(e->type)};
  switch (e->kind) {
    case Expr::Cast:
    case Expr::ImplicitCast:
      switch (e->cast) {
        case CastKind::ArrayToPointer:
        case CastKind::FunctionToPointer:
          return address_of(e->a);
        case CastKind::NoOp:
        case CastKind::PointerToPointer:
        case CastKind::IntegerToPointer:
          return evaluate_static(e->a);
        case CastKind::PointerToInteger:
        case CastKind::IntegerToInteger: {
          const auto inner = evaluate_static(e->a);
          if (inner && inner->is_integer())
            return types::is_int128(e->type) ? *inner : integer(e->type, static_cast<uint64_t>(inner->offset));
          if (!inner) return inner;
          return types::size_of(e->type) == 8 ? inner : std::nullopt;
        }
        case CastKind::LvalueToRvalue:
          return constant_variable(e->a);
        case CastKind::IntegerToBool:
        case CastKind::PointerToBool:
        case CastKind::ToVoid:
        case CastKind::ToUnion:
          return std::nullopt;
      }
      return std::nullopt;
    case Expr::Unary:
      if (e->op.unary == UnaryOp::AddressOf) return address_of(e->a);
      if (e->op.unary == UnaryOp::Extension) return evaluate_static(e->a);
      if (const auto inner = evaluate_static(e->a); inner && inner->is_integer() && types::is_integer(e->a->type))
        if (const auto value = folded(e->op.unary, static_cast<uint64_t>(inner->offset)))
          return integer(e->type, *value);
      return std::nullopt;
    case Expr::Binary:
      return binary_value(e);
    case Expr::Conditional:
      if (const auto tested = evaluate_static(e->a); tested && tested->is_integer())
        return evaluate_static(tested->offset != 0 ? (e->b != nullptr ? e->b : e->a) : e->c);
      return std::nullopt;
    case Expr::Generic:
    case Expr::ChooseExpr:
      return e->chosen != nullptr ? evaluate_static(e->chosen) : std::nullopt;
    case Expr::Identifier:  // a function, before it decays
      return types::is_function(e->type) ? address_of(e) : std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace spile::sema
