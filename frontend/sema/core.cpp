// CO-RE: the builtins that ask the loader about the types of the kernel at hand, and offsets that stop being constants
// because it relocates them.
#include "frontend/sema/access.h"
#include "frontend/sema/analyzer.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

namespace {

constexpr auto kFieldQuestions = static_cast<int64_t>(tables::CoreKind::FieldRshiftU64) + 1;

// How many different second arguments the builtin knows, from 0 on.
int64_t question_count(Builtin builtin) {
  if (builtin == Builtin::PreserveFieldInfo) return kFieldQuestions;
  return builtin == Builtin::PreserveTypeInfo ? 3 : 2;
}

}  // namespace

tables::CoreKind core_kind_of(Builtin builtin, int64_t question) {
  using tables::CoreKind;
  constexpr CoreKind kTypeKinds[] = {CoreKind::TypeExists, CoreKind::TypeSize, CoreKind::TypeMatches};
  if (builtin == Builtin::PreserveFieldInfo) return static_cast<CoreKind>(question);
  if (builtin == Builtin::PreserveTypeInfo) return kTypeKinds[question];
  if (builtin == Builtin::PreserveEnumValue) return question == 0 ? CoreKind::EnumvalExists : CoreKind::EnumvalValue;
  return question == 0 ? CoreKind::TypeIdLocal : CoreKind::TypeIdTarget;
}

std::optional<size_t> enumerator_position(const Expr *e) {
  if (e->kind != Expr::Unary || e->op.unary != ast::UnaryOp::Deref || !types::is_enum(e->type)) return std::nullopt;
  const Expr *named = ast::without_casts(e->a);
  if (named->kind != Expr::Identifier || named->symbol == nullptr || named->symbol->kind != SymbolKind::Enumerator)
    return std::nullopt;
  const auto constants = e->type->plain->enumeration->constants;
  for (size_t i = 0; i < constants.size(); i++)
    if (constants[i].name == named->symbol->name) return i;
  return std::nullopt;
}

void Analyzer::preserve_access_index(Expr *e) {
  if (core_region_ > 0 && unevaluated_ == 0)
    report<diag::CoreNested>(e->range).hint("read the inner value into a variable first");
  core_region_++;
  for (Expr *&arg : e->args) arg = value(arg);
  core_region_--;
  if (!check_argument_count(e, 1, 1, info_of(Builtin::PreserveAccessIndex).spelling) ||
      types::is_error(e->args[0]->type)) {
    poison(e);
    return;
  }
  e->type = e->args[0]->type;
}

// Its first argument is never evaluated: it names a member, a type or an enumerator.
void Analyzer::core_question(Expr *e, Builtin builtin) {
  const std::string_view name = info_of(builtin).spelling;
  bool bad = !check_argument_count(e, 2, 2, name);
  for (size_t i = 0; i < e->args.size(); i++) {
    e->args[i] = i == 0 ? unevaluated(e->args[i]) : value(e->args[i]);
    bad |= types::is_error(e->args[i]->type);
  }
  if (bad) {
    poison(e);
    return;
  }
  e->type = types_.basic(builtin == Builtin::PreserveFieldInfo ? Kind::UInt : Kind::ULong);
  const Expr *what = e->args[0], *question = e->args[1];
  const int64_t count = question_count(builtin);
  if (!question->is_constant || question->value < 0 || question->value >= count) {
    report<diag::CoreQuestion>(question->range, name, count - 1);
    poison(e);
    return;
  }
  const tables::CoreKind kind = core_kind_of(builtin, question->value);
  if (builtin == Builtin::PreserveFieldInfo) {
    const std::optional<CoreAccess> access = find_core_access(what, true);
    if (!access)
      report<diag::CoreNoField>(what->range, name)
          .hint("give it a member: `p->member`, or `((struct type *)0)->member`");
    else if (!core_field_value(*access, kind))
      report<diag::CoreNoAnswer>(what->range, tables::info_of(kind).text, types::to_string(access->reached));
    else
      return;
    poison(e);
    return;
  }
  if (builtin == Builtin::PreserveEnumValue) {
    if (enumerator_position(what)) return;
    report<diag::CoreEnumerator>(what->range, name)
        .hint("write `*(enum type *)ENUMERATOR`, with one of its enumerators");
    poison(e);
    return;
  }
  // The target has no pointers of a name of their own to look for.
  const bool is_basic = builtin == Builtin::BtfTypeId && types::is_integer(what->type);
  if (kind != tables::CoreKind::TypeIdLocal && !is_basic && core_type_name(core_type(what->type)).empty()) {
    report<diag::CoreNoName>(what->range, name, types::to_string(what->type))
        .hint("it is looked for by its name: give a struct, a union or an enum with a tag, or a typedef");
    poison(e);
  }
}

// An offset that the loader relocates is no constant where it is computed, but it is where C wants one.
void Analyzer::fold_relocated(Expr *e) {
  switch (e->kind) {
    case Expr::Binary:
      fold_relocated(e->a);
      fold_relocated(e->b);
      if (!e->is_constant) fold_binary(e);
      return;
    case Expr::Unary:
      if (e->op.unary == ast::UnaryOp::AddressOf || e->op.unary == ast::UnaryOp::Deref) return;
      fold_relocated(e->a);
      if (!e->is_constant) fold_unary(e);
      return;
    case Expr::Cast:
    case Expr::ImplicitCast:
      if (!types::is_pointer(e->a->type)) fold_relocated(e->a);
      if (!e->is_constant) fold_cast(e, true);
      return;
    default:
      return;
  }
}

bool Analyzer::is_relocated(const Expr *e) const {
  e = ast::without_casts(e);
  return e->kind == Expr::Unary && e->op.unary == ast::UnaryOp::AddressOf &&
         find_core_access(e->a, core_region_ > 0).has_value();
}

}  // namespace spile::sema
