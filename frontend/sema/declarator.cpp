// Declarators → types, and the checks that a type can be had: complete, of bounded size and depth.
#include "frontend/sema/analyzer.h"
#include "frontend/sema/constant.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

const Type *Analyzer::bounded(const Type *t, Range at) {
  if (t->depth <= types::kMaxDepth) return t;
  report<diag::TypeTooDeep>(at, types::kMaxDepth);
  return types_.error();
}

// The parts stand in the order from the name outwards, so the type is built from the last to the first.
const Type *Analyzer::declarator(ast::Declarator &d, const Type *base) {
  const Type *t = base;
  for (size_t i = d.parts.size(); i-- > 0;) {
    ast::DeclaratorPart &part = *d.parts[i];
    switch (part.kind) {
      case ast::DeclaratorPart::Pointer: {
        Attributes attributes;
        read_attributes(part.attributes, attributes);
        t = types::is_error(t) ? t : qualify(types_.pointer_to(t), part.qualifiers, part.range);
        t = attributed(t, attributes);  // what stands behind a `*` says something of this pointer
        break;
      }
      case ast::DeclaratorPart::Array:
        t = array_part(part, t, d);
        break;
      case ast::DeclaratorPart::Function:
        t = function_part(part, t, d);
        break;
    }
    t = bounded(t, part.range);
  }
  return t;
}

// GNU C, as clang has it: a length that is made of constants and of `const` variables with a constant value is known.
static std::optional<int64_t> folded_length(const Expr *e, int depth = 0) {
  constexpr int kDeepest = 32;
  if (depth > kDeepest) return std::nullopt;
  if (e->is_constant) return e->value;
  if (e->kind == Expr::ImplicitCast || e->kind == Expr::Cast) {
    const auto converted = types::is_integer(e->type) ? folded_length(e->a, depth + 1) : std::nullopt;
    return converted ? std::optional(cut(e->type, static_cast<uint64_t>(*converted))) : std::nullopt;
  }
  if (e->kind == Expr::Identifier && e->symbol != nullptr && e->symbol->kind == SymbolKind::Variable) {
    const Symbol &variable = *e->symbol;
    const bool is_fixed = types::is_fixed(variable.type);
    if (!is_fixed || !types::is_integer(variable.type) || variable.initializer == nullptr ||
        variable.initializer->entries.size() != 1)
      return std::nullopt;
    return folded_length(variable.initializer->entries[0].value, depth + 1);
  }
  if (e->kind != Expr::Binary) return std::nullopt;
  const auto a = folded_length(e->a, depth + 1), b = folded_length(e->b, depth + 1);
  constexpr int64_t kLargest = INT32_MAX;  // whatever is larger is no length, and nothing below overflows
  if (!a || !b || *a < 0 || *b < 0 || *a > kLargest || *b > kLargest) return std::nullopt;
  if (e->op.binary == ast::BinaryOp::Add) return *a + *b;
  if (e->op.binary == ast::BinaryOp::Sub) return *a - *b;
  if (e->op.binary == ast::BinaryOp::Mul) return *a * *b;
  return std::nullopt;
}

const Type *Analyzer::array_part(ast::DeclaratorPart &part, const Type *element, const ast::Declarator &d) {
  std::optional<int64_t> length;
  if (part.size != nullptr) {
    part.size = value(part.size);
    if (types::is_error(part.size->type)) return types_.error();
    if (!types::is_integer(part.size->type)) {
      report<diag::ArraySizeType>(part.size->range, types::to_string(part.size->type));
      return types_.error();
    }
    length = folded_length(part.size);
    if (!length) {
      report<diag::VariableLengthArray>(part.size->range, d.name)
          .hint("a BPF program has no dynamic stack: give the array a constant size and check the length against it");
      return types_.error();
    }
    if (*length < 0 && types::is_signed(part.size->type)) {
      report<diag::NegativeArraySize>(part.size->range, *length);
      return types_.error();
    }
  }
  if (types::is_error(element)) return element;
  if (types::is_function(element) || types::is_void(element)) {
    report<diag::ArrayElement>(part.range, types::to_string(element));
    return types_.error();
  }
  if (!types::is_complete(element)) {
    auto message = report<diag::IncompleteElement>(part.range, types::to_string(element));
    if (types::is_record(element))
      message.note(element->plain->record->range, "`{}` is declared here", types::to_string(element->plain));
    return types_.error();
  }
  if (!length) return types_.incomplete_array_of(element);
  const uint64_t size = std::max<uint64_t>(types::size_of(element), 1);
  if (static_cast<uint64_t>(*length) > types::kMaxSize / size) {
    report<diag::ObjectTooLarge>(part.size->range, types::kMaxSize);
    return types_.error();
  }
  return types_.array_of(element, static_cast<uint64_t>(*length));
}

const Type *Analyzer::function_part(ast::DeclaratorPart &part, const Type *result, const ast::Declarator &d) {
  std::vector<types::Parameter> params;
  const bool definition_scope = part.params != nullptr;
  if (definition_scope) enter_scope();  // tags and names of the parameter list
  const bool only_void = definition_scope && part.params->params.size() == 1;
  for (ast::Param *p : part.params != nullptr ? part.params->params : ast::List<ast::Param>{}) {
    Attributes attributes;
    const Type *t = declarator(*p->declarator, specifiers(*p->specs, attributes));
    read_attributes(p->declarator->attributes, attributes);
    t = attributed(t, attributes);
    if (types::is_void(t)) {
      if (only_void && p->declarator->name.empty() && t->quals == 0) break;
      report<diag::VoidParameter>(p->range);
      t = types_.error();
    }
    // Arrays and functions are passed as pointers (C11 6.7.6.3p7).
    if (types::is_array(t)) {
      const Type *element = t->kind == Kind::Array ? t->base : types::base_of(t);
      uint8_t quals = 0;
      if (!p->declarator->parts.empty() && p->declarator->parts[0]->kind == ast::DeclaratorPart::Array)
        quals = p->declarator->parts[0]->qualifiers;
      t = types_.qualified(types_.pointer_to(element), quals);
    } else if (types::is_function(t)) {
      t = types_.pointer_to(t);
    }
    const std::string_view name = p->declarator->name;
    if (types::is_arena(t)) {
      report<diag::AddressSpaceObject>(p->range, name, "a parameter");
      t = types_.error();
    }
    p->symbol = new_symbol(SymbolKind::Parameter, name, t, name.empty() ? p->range : p->declarator->name_range);
    p->symbol->is_defined = true;
    apply_attributes(*p->symbol, attributes);
    if (!name.empty()) {
      if (const Symbol *previous = lookup_here(name)) {
        report<diag::Redefinition>(p->symbol->range, name).note(previous->range, "`{}` was defined here", name);
      } else {
        bind(p->symbol);
      }
    }
    params.push_back({name, t});
  }
  if (definition_scope) {
    // The body of a definition sees the tags and enumerators that its parameter list declares.
    ParameterScope declared;
    for (size_t i = marks_.back().tags; i < bound_tags_.size(); i++)
      declared.tags.emplace_back(bound_tags_[i], tags_[bound_tags_[i]]->what);
    for (size_t i = marks_.back().names; i < bound_names_.size(); i++)
      if (Symbol *symbol = names_[bound_names_[i]]->what; symbol->kind == SymbolKind::Enumerator)
        declared.enumerators.push_back(symbol);
    if (!declared.tags.empty()) parameter_scopes_[part.params] = std::move(declared);
    leave_scope();
  }
  if (types::is_error(result)) return result;
  if (types::is_array(result) || types::is_function(result)) {
    report<diag::FunctionResult>(d.range, types::to_string(result));
    return types_.error();
  }
  const bool is_variadic = part.params != nullptr && part.params->is_variadic;
  const bool has_prototype = part.params != nullptr && !part.params->is_empty_parens;
  return types_.function(result, params, is_variadic, has_prototype);
}

const Type *Analyzer::type_name(ast::TypeName &name) {
  if (name.type == nullptr) {
    Attributes attributes;
    name.type = declarator(*name.declarator, specifiers(*name.specs, attributes));
  }
  return name.type;
}

bool Analyzer::require_complete(const Type *t, Range at, std::string_view what) {
  if (types::is_error(t)) return false;
  if (types::is_complete(t)) return true;
  auto message = report<diag::IncompleteType>(at, what, types::to_string(t));
  const Type *inner = t->plain;
  while (inner->kind == Kind::Array) inner = inner->base->plain;
  if (inner->kind == Kind::Record)
    message.note(inner->record->range, "`{}` is {} here", types::to_string(inner),
                 inner->record->is_being_defined ? "still being defined" : "declared, but not defined");
  hint_nearest_tag(message, inner);
  return false;
}

// Whether there can be a variable of the type.
bool Analyzer::check_object_type(const Type *t, Range at, std::string_view name) {
  if (types::is_error(t)) return false;
  if (types::is_void(t)) {
    report<diag::VoidVariable>(at, name);
    return false;
  }
  return !reject_float(t, at);
}

}  // namespace spile::sema
