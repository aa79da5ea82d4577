// Calls of builtin functions: looked up in builtins.def, checked by their signature or by hand.
#include "frontend/sema/builtins.h"

#include <array>

#include "frontend/sema/analyzer.h"
#include "frontend/sema/constant.h"
#include "support/check.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

namespace {
constexpr auto kBuiltins = std::to_array<BuiltinInfo>({
#define SPILE_BUILTIN(Name, spelling, signature) {Builtin::Name, spelling, signature},
#include "frontend/sema/builtins.def"
});
struct Alias {
  std::string_view spelling;
  Builtin builtin;
};
constexpr auto kAliases = std::to_array<Alias>({
#define SPILE_BUILTIN(Name, spelling, signature)
#define SPILE_BUILTIN_ALIAS(spelling, Name) {spelling, Builtin::Name},
#include "frontend/sema/builtins.def"
});
}  // namespace

const BuiltinInfo &info_of(Builtin builtin) {
  SPILE_CHECK(builtin != Builtin::None, "a builtin has a row");
  return kBuiltins[static_cast<size_t>(builtin) - 1];
}

std::span<const BuiltinInfo> all_builtins() { return kBuiltins; }

const BuiltinInfo *find_builtin(std::string_view name) {
  if (!name.starts_with("__") && !name.starts_with("llvm.")) return nullptr;
  for (const BuiltinInfo &info : kBuiltins)
    if (info.spelling == name) return &info;
  for (const Alias &alias : kAliases)
    if (alias.spelling == name) return &info_of(alias.builtin);
  return nullptr;
}

Builtin library_builtin(std::string_view name) {
  struct Row {
    std::string_view name;
    Builtin builtin;
  };
  static constexpr Row kRows[] = {
      {"abs", Builtin::Abs},         {"labs", Builtin::Labs},       {"llabs", Builtin::Llabs},
      {"memcpy", Builtin::Memcpy},   {"memmove", Builtin::Memmove}, {"memset", Builtin::Memset},
      {"memcmp", Builtin::Memcmp},   {"strlen", Builtin::Strlen},   {"strcmp", Builtin::Strcmp},
      {"strncmp", Builtin::Strncmp},
  };
  for (const Row &row : kRows)
    if (row.name == name) return row.builtin;
  return Builtin::None;
}

static const Type *type_of(types::Context &types, char letter) {
  switch (letter) {
    case 'v':
      return types.void_type();
    case 'i':
      return types.int_type();
    case 'u':
      return types.basic(Kind::UInt);
    case 'l':
      return types.basic(Kind::Long);
    case 'L':
      return types.basic(Kind::ULong);
    case 'D':
      return types.basic(Kind::ULongLong);
    case 'q':
      return types.basic(Kind::LongLong);
    case 'B':
      return types.basic(Kind::UChar);
    case 'H':
      return types.basic(Kind::UShort);
    case 'b':
      return types.basic(Kind::Bool);
    case 'p':
      return types.pointer_to(types.void_type());
    case 'c':
      return types.pointer_to(types.qualified(types.void_type(), types::kConst));
    case 's':
      return types.pointer_to(types.qualified(types.basic(Kind::Char), types::kConst));
    default:
      SPILE_UNREACHABLE("builtins.def: a letter that its head does not explain");
  }
}

// The symbol of a builtin, made on first use and bound outside of every scope.
Symbol *Analyzer::builtin_symbol(const BuiltinInfo &info) {
  if (const auto it = externals_.find(info.spelling); it != externals_.end()) return it->second;
  const Type *type = types_.function(types_.int_type(), {}, false, false);
  if (info.signature != "?") {
    std::vector<types::Parameter> params;
    bool is_variadic = false;
    for (const char letter : info.signature.substr(1)) {
      if (letter == '.')
        is_variadic = true;
      else
        params.push_back({{}, type_of(types_, letter)});
    }
    type = types_.function(type_of(types_, info.signature[0]), params, is_variadic, true);
  }
  Symbol *symbol = new_symbol(SymbolKind::Builtin, info.spelling, type, {});
  symbol->builtin = info.builtin;
  symbol->attributes.is_noreturn = info.builtin == Builtin::Unreachable || info.builtin == Builtin::Trap;
  externals_.emplace(info.spelling, symbol);
  return symbol;
}

// An integer made of variables of the function and constants alone: evaluating it does nothing else.
static bool may_become_constant(const Expr *e) {
  if (!types::is_integer(e->type) || types::is_int128(e->type)) return false;
  switch (e->kind) {
    case Expr::Identifier:
      return e->symbol != nullptr && !e->symbol->is_static_storage && !types::is_shared(e->type) &&
             (e->symbol->kind == SymbolKind::Variable || e->symbol->kind == SymbolKind::Parameter);
    case Expr::Unary:
      return (e->op.unary == ast::UnaryOp::Plus || e->op.unary == ast::UnaryOp::Minus ||
              e->op.unary == ast::UnaryOp::BitNot || e->op.unary == ast::UnaryOp::Not) &&
             may_become_constant(e->a);
    case Expr::Binary:
      return (e->a->is_constant || may_become_constant(e->a)) && (e->b->is_constant || may_become_constant(e->b));
    case Expr::Cast:
    case Expr::ImplicitCast:
      return may_become_constant(e->a);
    default:
      return false;
  }
}

bool is_open_question(const Expr *e) {
  return e->kind == Expr::Call && e->a->kind == Expr::Identifier && e->a->symbol != nullptr &&
         e->a->symbol->builtin == Builtin::ConstantP && !e->is_constant;
}

void Analyzer::builtin_call(Expr *e, Builtin builtin) {
  const BuiltinInfo &info = info_of(builtin);
  if (info.signature == "?") {
    if (builtin == Builtin::ConstantP) {
      // Asks about its argument without evaluating it.
      if (!check_argument_count(e, 1, 1, info.spelling)) {
        poison(e);
        return;
      }
      e->args[0] = unevaluated(e->args[0]);
      e->type = types_.int_type();
      const Expr *arg = e->args[0];
      // A const variable is its initializer (bpf_assert_range asks about one).
      const Symbol *variable = arg->kind == Expr::Identifier ? arg->symbol : nullptr;
      if (variable != nullptr && variable->kind == SymbolKind::Variable && variable->initializer != nullptr &&
          variable->initializer->entries.size() == 1 && types::is_integer(variable->type) &&
          types::is_fixed(variable->type))
        arg = variable->initializer->entries[0].value;
      // What a parameter or a variable holds is known once the function around it is inlined and its variables have
      // become values: the IR answers. A question whose answer has to be known here is answered with no.
      const bool is_known = arg->is_constant || arg->is_number || arg->kind == Expr::StringLit;
      if (is_known || !may_become_constant(arg)) set_constant(e, is_known ? 1 : 0);
      return;
    }
    if (builtin == Builtin::PreserveAccessIndex) return preserve_access_index(e);
    if (builtin == Builtin::PreserveFieldInfo || builtin == Builtin::PreserveTypeInfo ||
        builtin == Builtin::PreserveEnumValue || builtin == Builtin::BtfTypeId)
      return core_question(e, builtin);
    bool bad = false;
    for (Expr *&arg : e->args) {
      arg = value(arg);
      bad |= types::is_error(arg->type);
    }
    if (bad) {
      poison(e);
      return;
    }
    if (builtin == Builtin::ExpectProbability) {
      if (!check_argument_count(e, 3, 3, info.spelling)) {
        poison(e);
        return;
      }
      e->type = types_.basic(Kind::Long);
      e->args[0] = assign_to(e->type, e->args[0], {Into::Argument, {}, 1, nullptr});
      e->args[1] = assign_to(e->type, e->args[1], {Into::Argument, {}, 2, nullptr});
      if (e->args[0]->is_constant) set_constant(e, static_cast<uint64_t>(e->args[0]->value));
      return;
    }
    if (builtin == Builtin::ObjectSize || builtin == Builtin::DynamicObjectSize) {
      if (!check_argument_count(e, 2, 2, info.spelling)) {
        poison(e);
        return;
      }
      e->type = types_.basic(Kind::ULong);
      set_constant(e, e->args[1]->is_constant && e->args[1]->value >= 2 ? 0 : ~uint64_t{0});
      return;
    }
    if (builtin == Builtin::AddOverflow || builtin == Builtin::SubOverflow || builtin == Builtin::MulOverflow) {
      overflow_call(e);
      return;
    }
    atomic_call(e, builtin);
    return;
  }
  e->type = type_of(types_, info.signature[0]);
  for (Expr *&arg : e->args) arg = value(arg);
  if (builtin == Builtin::Memset || builtin == Builtin::Memcpy) note_memory_call(e);
  std::string_view letters = info.signature.substr(1);
  const bool is_variadic = letters.ends_with('.');
  if (is_variadic) letters.remove_suffix(1);
  if (!check_argument_count(e, letters.size(), is_variadic ? SIZE_MAX : letters.size(), info.spelling)) return;
  for (size_t i = 0; i < letters.size(); i++) {
    const Type *wants = type_of(types_, letters[i]);
    // What a builtin does to memory it does in any address space.
    const Type *given = e->args[i]->type;
    if (types::is_pointer(wants) && types::is_pointer(given) && types::is_arena(types::base_of(given)))
      wants = types_.pointer_to(types_.qualified(types::base_of(wants), types::kArena));
    e->args[i] = assign_to(wants, e->args[i], {Into::Argument, {}, i + 1, nullptr});
  }
  const auto constant_argument = [&](size_t i) { return e->args[i]->is_constant; };
  switch (builtin) {
    case Builtin::Expect:
      if (constant_argument(0)) set_constant(e, static_cast<uint64_t>(e->args[0]->value));
      break;
    case Builtin::Bswap16:
      if (constant_argument(0)) set_constant(e, __builtin_bswap16(static_cast<uint16_t>(e->args[0]->value)));
      break;
    case Builtin::Bswap32:
      if (constant_argument(0)) set_constant(e, __builtin_bswap32(static_cast<uint32_t>(e->args[0]->value)));
      break;
    case Builtin::Bswap64:
      if (constant_argument(0)) set_constant(e, __builtin_bswap64(static_cast<uint64_t>(e->args[0]->value)));
      break;
    case Builtin::AtomicIsLockFree:
      if (constant_argument(0)) {
        const int64_t size = e->args[0]->value;
        set_constant(e, size == 1 || size == 2 || size == 4 || size == 8 ? 1 : 0);
      } else {
        report<diag::NotConstant>(e->args[0]->range, "the size");
      }
      break;
    case Builtin::Popcount:
    case Builtin::Popcountl:
    case Builtin::Popcountll:
      if (constant_argument(0)) {
        const uint64_t v = static_cast<uint64_t>(e->args[0]->value);
        set_constant(e, static_cast<uint64_t>(__builtin_popcountll(builtin == Builtin::Popcount ? v & 0xffffffff : v)));
      }
      break;
    case Builtin::Ctz:
    case Builtin::Ctzl:
    case Builtin::Ctzll:
      if (constant_argument(0) && e->args[0]->value != 0)
        set_constant(e, static_cast<uint64_t>(__builtin_ctzll(static_cast<uint64_t>(e->args[0]->value))));
      break;
    case Builtin::Clz:
      if (constant_argument(0) && e->args[0]->value != 0)
        set_constant(e, static_cast<uint64_t>(__builtin_clz(static_cast<uint32_t>(e->args[0]->value))));
      break;
    case Builtin::Clzl:
    case Builtin::Clzll:
      if (constant_argument(0) && e->args[0]->value != 0)
        set_constant(e, static_cast<uint64_t>(__builtin_clzll(static_cast<uint64_t>(e->args[0]->value))));
      break;
    case Builtin::Strlen: {
      const Expr *literal = ast::without_implicit_casts(e->args[0]);
      if (literal->kind == Expr::StringLit) set_constant(e, std::min(literal->bytes.find('\0'), literal->bytes.size()));
      break;
    }
    default:
      break;  // not folded
  }
}

// memset and memcpy: the variable whose address comes first is filled, padding and all.
void Analyzer::note_memory_call(const Expr *e) {
  if (e->args.empty()) return;
  warn_size_of_pointer(e);
  const Expr *target = ast::without_casts(e->args[0]);
  if (target->kind == Expr::Unary && target->op.unary == ast::UnaryOp::AddressOf)
    if (Symbol *symbol = root_variable(target->a)) symbol->is_filled = true;
}

// bool __builtin_add_overflow(a, b, T *result): as if the result were computed without bounds.
void Analyzer::overflow_call(Expr *e) {
  const std::string_view name = e->a->text;
  if (!check_argument_count(e, 3, 3, name)) {
    poison(e);
    return;
  }
  const auto is_plain = [](const Type *t) { return types::is_integer(t) && !types::is_int128(t); };
  const Type *result =
      types::is_pointer(e->args[2]->type) ? types_.unqualified(types::base_of(e->args[2]->type)) : nullptr;
  for (size_t i = 0; i < 2; i++) {
    if (is_plain(e->args[i]->type)) continue;
    report<diag::OverflowTypes>(e->args[i]->range, name, types::to_string(e->args[i]->type));
    poison(e);
    return;
  }
  if (result == nullptr || !is_plain(result) || types::is_bool(result)) {
    report<diag::OverflowTypes>(e->args[2]->range, name, types::to_string(e->args[2]->type))
        .hint("the third argument points to the integer that takes the result");
    poison(e);
    return;
  }
  // Operands that lie within the result's type without loss are computed in it: a carry shows there.
  const auto fits = [&](const Expr *arg) {
    const uint64_t size = types::size_of(arg->type);
    if (arg->is_constant) return arg->value >= 0 && arg->value <= INT8_MAX;
    const bool same_sign = types::is_signed(arg->type) == types::is_signed(result);
    return same_sign ? size <= types::size_of(result) : size < types::size_of(result) && types::is_signed(result);
  };
  if (fits(e->args[0]) && fits(e->args[1])) {
    e->args[0] = convert(e->args[0], result);
    e->args[1] = convert(e->args[1], result);
  }
  e->type = types_.basic(Kind::Bool);
}

}  // namespace spile::sema
