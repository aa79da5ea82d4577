// Declarations → symbols: linkage, redeclaration, attributes, initializers; functions with their bodies.
#include <algorithm>

#include "frontend/sema/analyzer.h"
#include "frontend/sema/constant.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

// asm("name") is kept as it is spelled, with its quotes.
static std::string_view without_quotes(std::string_view label) {
  const bool quoted = label.size() >= 2 && label.front() == '"' && label.back() == '"';
  return quoted ? label.substr(1, label.size() - 2) : label;
}

Analysis::Analysis(Arena &arena, Arena &bodies, Diagnostics &diags, const btf::Image *btf) {
  unit_.types = std::make_unique<types::Context>(arena);
  if (btf != nullptr) unit_.importer = std::make_unique<btf::Importer>(*btf, *unit_.types, arena, diags);
  analyzer_ = std::make_shared<Analyzer>(arena, bodies, diags, unit_);
}

void Analysis::begin(ast::PostponedDeclarations *postponed) { analyzer_->begin(postponed); }

Analysis::Read Analysis::declaration(ast::Decl &decl) { return analyzer_->external_declaration(decl); }

Unit Analysis::finish() {
  analyzer_->finish();
  // It outlives this object, but its reference to [unit_] does not: nothing inside a record declares a symbol of a
  // unit.
  unit_.analyzer = std::move(analyzer_);
  return std::move(unit_);
}

Unit analyze(ast::TranslationUnit &tree, Arena &arena, Diagnostics &diags, const btf::Image *btf) {
  Analysis analysis(arena, arena, diags, btf);
  analysis.begin(tree.postponed);
  for (ast::Decl *decl : tree.decls) analysis.declaration(*decl);
  return analysis.finish();
}

bool may_follow(const Diagnostic &fault, const std::unordered_set<std::string_view> &left_out) {
  // A size that is asserted is that of all members.
  if (fault.info->name == diag::StaticAssertFailed::kName) return true;
  static constexpr std::string_view kMissing[] = {
      diag::UndeclaredIdentifier::kName, diag::UndeclaredFunction::kName, diag::NoMember::kName,
      diag::IncompleteType::kName,       diag::IncompleteElement::kName,  diag::IncompleteMember::kName,
      diag::UndefinedLabel::kName};
  if (std::ranges::find(kMissing, fault.info->name) == std::end(kMissing)) return false;
  // Its names stand in backticks: `name`, `struct name`.
  const std::string_view message = fault.message;
  for (size_t end = message.find('`', 1); end != std::string_view::npos; end = message.find('`', end + 1)) {
    const size_t before = message.find_last_of("` ", end - 1);
    if (before != std::string_view::npos && left_out.contains(message.substr(before + 1, end - before - 1)))
      return true;
  }
  return false;
}

Analysis::Read Analyzer::external_declaration(ast::Decl &decl) {
  if (diags_.too_many()) return {};
  is_tree_needed_ = false;
  declaration(decl);
  parameter_scopes_.clear();
  filled_parameters_.clear();
  // Members of records in headers may be read at any time (ast::LazyMembers).
  const bool is_kept = is_tree_needed_ || !is_in_main_file(decl.range);
  return {decl.kind == ast::Decl::Function ? decl.declarators[0]->symbol : nullptr, is_kept};
}

void Analyzer::finish() {
  if (!diags_.too_many()) finish_unit();
  is_finished_ = true;
}

void Analyzer::declaration(ast::Decl &decl) {
  switch (decl.kind) {
    case ast::Decl::Variables:
      variables(decl);
      break;
    case ast::Decl::Function:
      function_definition(decl);
      break;
    case ast::Decl::StaticAssert:
      static_assertion(decl);
      break;
    case ast::Decl::Asm:
      if (decl.message != nullptr && decl.message->kind == Expr::StringLit) {
        string_literal(decl.message);
        if (decl.message->bytes.find_first_not_of(" \t\n") != std::string_view::npos)
          report<diag::FileScopeAsm>(decl.range).hint("a function with `__attribute__((naked))` holds assembly");
      }
      break;
    case ast::Decl::Import:
      import_module(decl);
      break;
    case ast::Decl::Members:  // the parser makes them only inside records
    case ast::Decl::Empty:
      break;
  }
}

void Analyzer::static_assertion(ast::Decl &decl) {
  const std::optional<int64_t> holds = integer_constant(decl.condition, "the condition of a static assertion");
  if (!holds || *holds != 0) return;
  std::string_view message;
  if (decl.message != nullptr && decl.message->kind == Expr::StringLit) {
    string_literal(decl.message);
    message = decl.message->bytes;
  }
  report<diag::StaticAssertFailed>(decl.condition->range, message.empty() ? "" : ": ", message);
}

void Analyzer::variables(ast::Decl &decl) {
  ast::DeclSpecs &specs = *decl.specs;
  Attributes shared;
  if (specs.words.auto_type != 0) {
    read_attributes(specs.attributes, shared);
    for (ast::InitDeclarator *d : decl.declarators) auto_type(specs, *d, shared);
    return;
  }
  const bool is_forward = decl.declarators.empty() && specs.storage == ast::Storage::None;
  const Type *base = specifiers(specs, shared, is_forward);
  if (decl.declarators.empty()) {
    if (specs.record == nullptr && specs.enumeration == nullptr && !types::is_error(base))
      report<diag::DeclaresNothing>(decl.range);
    return;
  }
  if (specs.storage == ast::Storage::ThreadLocal) report<diag::ThreadLocal>(specs.range);
  for (ast::InitDeclarator *d : decl.declarators) {
    const Type *t = declarator(*d->declarator, base);
    Attributes attributes = shared;
    read_attributes(d->declarator->attributes, attributes);
    t = attributed(t, attributes);
    if (specs.storage == ast::Storage::Typedef) {
      declare_typedef(*d, t, attributes);
    } else if (types::is_function(t)) {
      d->symbol = declare_function(specs, *d->declarator, t, attributes, false);
      if (d->init != nullptr) report<diag::InitializedFunction>(d->init->range, d->declarator->name);
    } else {
      declare_variable(specs, *d, t, attributes);
    }
  }
}

void Analyzer::declare_typedef(ast::InitDeclarator &d, const Type *type, Attributes &attributes) {
  const std::string_view name = d.declarator->name;
  if (d.init != nullptr) report<diag::InitializedTypedef>(d.init->range, name);
  if (const Symbol *previous = lookup_here(name)) {
    if (previous->kind != SymbolKind::Typedef) {
      report<diag::DifferentKind>(d.declarator->name_range, name).note(previous->range, "`{}` was declared here", name);
    } else if (!types::same(previous->type, type) && !types::is_error(type) && !types::is_error(previous->type)) {
      report<diag::TypedefRedefined>(d.declarator->name_range, name, types::to_string(type),
                                     types::to_string(previous->type->canonical))
          .note(previous->range, "`{}` was declared here", name);
    }
    return;  // C11 6.7p3: the same typedef again is nothing new
  }
  const Type *made = types::is_error(type)
                         ? type
                         : bounded(types_.typedef_of(name, type, d.declarator->name_range, attributes.symbol.align),
                                   d.declarator->range);
  d.symbol = new_symbol(SymbolKind::Typedef, name, made, d.declarator->name_range);
  bind(d.symbol);
}

void Analyzer::apply_attributes(Symbol &symbol, Attributes &attributes) {
  SymbolAttributes &to = symbol.attributes;
  const SymbolAttributes &from = attributes.symbol;
  if (from.section_range.valid()) {
    to.section = from.section;
    to.section_range = from.section_range;
  }
  to.align = std::max(to.align, from.align);
  to.always_inline |= from.always_inline;
  to.is_naked |= from.is_naked;
  to.no_inline |= from.no_inline;
  to.used |= from.used;
  to.weak |= from.weak;
  to.hidden |= from.hidden;
  to.is_unused |= from.is_unused;
  to.is_noreturn |= from.is_noreturn;
  to.must_use_result |= from.must_use_result;
  if (!from.call_error.empty()) to.call_error = from.call_error;
  if (from.deprecated) {
    to.deprecated = true;
    to.deprecated_text = from.deprecated_text;
  }
  if (!attributes.decl_tags.empty()) {
    std::vector<std::string_view> tags(to.decl_tags.begin(), to.decl_tags.end());
    tags.insert(tags.end(), attributes.decl_tags.begin(), attributes.decl_tags.end());
    to.decl_tags = arena_.copy(tags);
  }
}

// The symbol that a declaration of [fresh] means: an earlier one of the same thing, or [fresh], bound in this scope.
Symbol *Analyzer::merge_or_bind(Symbol *fresh) {
  Symbol *previous = lookup_here(fresh->name);
  if (previous != nullptr && !previous->range.valid()) previous = nullptr;  // stood for a name reported as undeclared
  if (previous == nullptr && fresh->linkage != Linkage::None) {
    // `extern` in a block means the thing of that name at file scope.
    if (!at_file_scope()) read_postponed(fresh->name);
    if (const auto it = externals_.find(fresh->name); it != externals_.end()) {
      previous = it->second;
      if (previous->kind == fresh->kind && types::compatible(previous->type, fresh->type)) bind(previous);
    }
  }
  if (previous == nullptr) {
    bind(fresh);
    if (fresh->linkage != Linkage::None) externals_.emplace(fresh->name, fresh);
    if ((fresh->is_static_storage || fresh->kind == SymbolKind::Function) && !is_finished_)
      unit_.symbols.push_back(fresh);
    return fresh;
  }
  const auto noted = [&](auto &&report) { report.note(previous->range, "`{}` was declared here", fresh->name); };
  if (previous->kind != fresh->kind) {
    noted(report<diag::DifferentKind>(fresh->range, fresh->name));
    return fresh;
  }
  if (previous->linkage == Linkage::None || fresh->linkage == Linkage::None) {
    auto message = report<diag::Redefinition>(fresh->range, fresh->name);
    noted(message);
    if (fresh->kind == SymbolKind::Variable) message.hint("without its type it is an assignment");
    return fresh;
  }
  if (!types::compatible(previous->type, fresh->type)) {
    noted(report<diag::ConflictingTypes>(fresh->range, fresh->name, types::to_string(fresh->type),
                                         types::to_string(previous->type))
              .hint("if they mean the same, write `{}` here too", types::to_string(previous->type, previous->name)));
    return fresh;
  }
  if (fresh->linkage == Linkage::Internal && previous->linkage == Linkage::External) {
    if (previous->is_defined) noted(report<diag::StaticAfterExternal>(fresh->range, fresh->name));
    previous->linkage = Linkage::Internal;
  }
  previous->type = types::composite(types_, fresh->type, previous->type);
  previous->is_inline |= fresh->is_inline;
  if (!fresh->asm_label.empty()) previous->asm_label = fresh->asm_label;
  if (fresh->builtin != Builtin::None) previous->builtin = fresh->builtin;
  return previous;
}

Symbol *Analyzer::declare_function(ast::DeclSpecs &specs, ast::Declarator &d, const Type *type, Attributes &attributes,
                                   bool is_definition) {
  Symbol *fresh = new_symbol(SymbolKind::Function, d.name, type, d.name_range);
  fresh->function = nullptr;
  fresh->is_inline = specs.is_inline;
  // C99 inline: without `extern` the definition is for this file only.
  const bool only_here = specs.storage == ast::Storage::Static ||
                         (is_definition && specs.is_inline && specs.storage == ast::Storage::None);
  fresh->linkage = only_here ? Linkage::Internal : Linkage::External;
  if (specs.is_noreturn) attributes.symbol.is_noreturn = true;
  if (!d.asm_label.empty()) {
    fresh->asm_label = without_quotes(d.asm_label);
    if (const BuiltinInfo *info = find_builtin(fresh->asm_label)) fresh->builtin = info->builtin;
  }
  if (fresh->builtin == Builtin::None && fresh->linkage == Linkage::External)
    fresh->builtin = library_builtin(fresh->name);
  if (specs.storage != ast::Storage::None && specs.storage != ast::Storage::Static &&
      specs.storage != ast::Storage::Extern)
    report<diag::FunctionStorage>(specs.range, fresh->name);
  Symbol *symbol = merge_or_bind(fresh);
  apply_attributes(*symbol, attributes);
  return symbol;
}

void Analyzer::declare_variable(ast::DeclSpecs &specs, ast::InitDeclarator &d, const Type *type,
                                Attributes &attributes) {
  const std::string_view name = d.declarator->name;
  const Range at = d.declarator->name_range;
  // `extern const void name __ksym`: an address whose type nobody knows.
  const bool is_typeless = types::is_void(type) && specs.storage == ast::Storage::Extern && d.init == nullptr;
  if (!is_typeless && !check_object_type(type, at, name)) type = types_.error();
  if (specs.is_inline) report<diag::InlineVariable>(specs.range, name);
  if (types::is_arena(type) && !at_file_scope() && specs.storage != ast::Storage::Extern &&
      specs.storage != ast::Storage::Static) {
    report<diag::AddressSpaceObject>(at, name, "a local variable");
    type = types_.error();
  }
  const bool is_extern = specs.storage == ast::Storage::Extern;
  const bool is_static = specs.storage == ast::Storage::Static;
  const bool is_automatic = !at_file_scope() && !is_static && !is_extern;
  Symbol *fresh = new_symbol(SymbolKind::Variable, name, type, at, is_automatic ? nodes_ : &arena_);
  fresh->is_static_storage = at_file_scope() || is_static || is_extern;
  fresh->is_static_local = !at_file_scope() && is_static;
  if (fresh->is_static_local)
    fresh->linkage = Linkage::None;
  else if (at_file_scope())
    fresh->linkage = is_static ? Linkage::Internal : Linkage::External;
  else
    fresh->linkage = is_extern ? Linkage::External : Linkage::None;
  fresh->asm_label = without_quotes(d.declarator->asm_label);
  const bool is_only_declared = is_extern && d.init == nullptr;

  warn_shadow(*fresh);
  Symbol *symbol = merge_or_bind(fresh);
  d.symbol = symbol;
  if (function_ != nullptr && symbol == fresh && !is_extern) locals_.push_back(symbol);
  apply_attributes(*symbol, attributes);
  if (!is_only_declared) {
    const bool is_tentative = d.init == nullptr && at_file_scope();
    if (symbol->is_defined && !symbol->is_tentative && !is_tentative) {
      report<diag::Redefinition>(at, name).note(symbol->range, "`{}` was defined here", name);
      return;
    }
    if (!symbol->is_defined || !is_tentative) symbol->range = at;
    symbol->is_tentative = is_tentative && (!symbol->is_defined || symbol->is_tentative);
    symbol->is_defined = true;
  }
  if (!is_automatic && (d.init != nullptr || fresh->is_static_local)) is_tree_needed_ = true;
  if (d.init != nullptr) {
    if (is_extern && !at_file_scope()) report<diag::InitializedExtern>(d.init->range, name);
    symbol->initializer = initializer(symbol->type, d.init, symbol->is_static_storage, at.begin);
    if (symbol->initializer != nullptr)
      symbol->type = symbol->initializer->type;
    else if (types::is_array(symbol->type) && !symbol->type->plain->has_length)
      symbol->type = types_.error();
    settle_constant(*symbol);
  }
  if (!is_only_declared && !symbol->is_tentative) {
    if (!require_complete(symbol->type, at, "the variable")) symbol->type = types_.error();
  }
  constexpr uint64_t kStack = 512;  // MAX_BPF_STACK
  if (function_ != nullptr && !symbol->is_static_storage && types::is_complete(symbol->type) &&
      types::size_of(symbol->type) > kStack)
    report<diag::StackObjectTooLarge>(at, name, types::size_of(symbol->type), kStack)
        .hint("a map of type BPF_MAP_TYPE_PERCPU_ARRAY with one element is memory of any size");
  if (attributes.symbol.cleanup != nullptr && function_ != nullptr && !symbol->is_static_storage)
    add_cleanup(*symbol, attributes.symbol.cleanup);
}

// __attribute__((cleanup(f))): f(&variable) at the end of the variable's scope, however it is left.
void Analyzer::add_cleanup(Symbol &symbol, Expr *function) {
  Expr *variable = nodes_->make<Expr>(), *address = nodes_->make<Expr>(), *call = nodes_->make<Expr>();
  for (Expr *made : {variable, address, call}) made->range = function->range;
  variable->kind = Expr::Identifier;
  variable->text = symbol.name;
  address->kind = Expr::Unary;
  address->op.unary = ast::UnaryOp::AddressOf;
  address->a = variable;
  call->kind = Expr::Call;
  call->a = function;
  Expr *const arguments[] = {address};
  call->args = nodes_->copy(std::span<Expr *const>(arguments));
  symbol.cleanup_call = expr(call);
  cleanups_++;
}

// A local variable that hides another one, or a parameter.
void Analyzer::warn_shadow(const Symbol &fresh) {
  if (function_ == nullptr || lookup_here(fresh.name) != nullptr) return;
  read_postponed(fresh.name);
  const auto known = names_.find(fresh.name);  // no lookup: that would import a name of the BTF
  if (known == names_.end() || known->second == nullptr) return;
  const Symbol *hidden = known->second->what;
  if ((hidden->kind != SymbolKind::Variable && hidden->kind != SymbolKind::Parameter) || !hidden->range.valid()) return;
  report<diag::Shadow>(fresh.range, fresh.name).note(hidden->range, "this `{}` is hidden", fresh.name);
}

// __auto_type x = e: the type of e, without qualifiers.
void Analyzer::auto_type(ast::DeclSpecs &specs, ast::InitDeclarator &d, Attributes &attributes) {
  if (d.init == nullptr || d.init->kind == Expr::InitList || !d.declarator->parts.empty()) {
    report<diag::AutoTypeInitializer>(d.declarator->range, d.declarator->name);
    Symbol *symbol = new_symbol(SymbolKind::Variable, d.declarator->name, types_.error(), d.declarator->name_range);
    if (lookup_here(symbol->name) == nullptr) bind(symbol);
    d.symbol = symbol;
    return;
  }
  d.init = value(d.init);
  declare_variable(specs, d, qualify(types_.unqualified(d.init->type), specs.qualifiers, specs.range), attributes);
}

void Analyzer::function_definition(ast::Decl &decl) {
  ast::InitDeclarator &d = *decl.declarators[0];
  Attributes attributes;
  const Type *t = declarator(*d.declarator, specifiers(*decl.specs, attributes));
  read_attributes(d.declarator->attributes, attributes);
  if (!at_file_scope()) return;  // the parser has reported it
  const bool has_own_parameters = !d.declarator->parts.empty() &&
                                  d.declarator->parts[0]->kind == ast::DeclaratorPart::Function &&
                                  d.declarator->parts[0]->params != nullptr;
  if (!has_own_parameters || !types::is_function(t)) {
    if (!types::is_error(t)) {
      report<diag::BodyWithoutFunction>(d.declarator->range, d.declarator->name, types::to_string(t));
      return;
    }
    if (!has_own_parameters) return;
    t = types_.function(types_.error(), {}, false, false);  // for the faults inside the body
  }
  Symbol *symbol = declare_function(*decl.specs, *d.declarator, t, attributes, true);
  d.symbol = symbol;
  if (symbol->is_defined)
    report<diag::Redefinition>(d.declarator->name_range, symbol->name)
        .note(symbol->range, "`{}` was defined here", symbol->name);
  symbol->is_defined = true;
  symbol->range = d.declarator->name_range;
  symbol->definition = &decl;
  const ast::Parameters &params = *d.declarator->parts[0]->params;
  // One that stays in this file may say `...`, for the check of a format: what is passed there is evaluated and
  // dropped.
  if (params.is_variadic && symbol->linkage != Linkage::Internal) {
    report<diag::VariadicDefinition>(d.declarator->range, symbol->name)
        .hint("a BPF function has a fixed list of arguments: use a macro, or pass an array and its length");
  }
  // What this definition's own declarator says, whatever earlier declarations add.
  const Type *result = t->plain->kind == Kind::Function ? t->plain->base : types_.error();
  if (t->kind == Kind::Function) result = t->base;
  reject_float(result, d.declarator->range);
  if (!types::is_void(result)) require_complete(result, d.declarator->range, "the result of the function");

  function_ = symbol;
  result_ = result;
  labels_.clear();
  label_count_ = 0;
  enter_scope();
  if (const auto declared = parameter_scopes_.find(&params); declared != parameter_scopes_.end()) {
    for (const auto &[tag, what] : declared->second.tags) bind_tag(tag, what);
    for (Symbol *enumerator : declared->second.enumerators) bind(enumerator);
  }
  std::vector<Symbol *> parameters;
  for (ast::Param *p : params.params) {
    if (p->symbol == nullptr) continue;
    parameters.push_back(p->symbol);
    p->symbol->function = symbol;
    if (!require_complete(p->symbol->type, p->symbol->range, "the parameter") ||
        reject_float(p->symbol->type, p->symbol->range))
      p->symbol->type = types_.error();
    if (!p->symbol->name.empty() && lookup_here(p->symbol->name) == nullptr) bind(p->symbol);
  }
  symbol->parameters = arena_.copy(parameters);
  Arena *const outer_nodes = std::exchange(nodes_, &bodies_);
  compound(decl.body, false);
  leave_scope();
  if (symbol->attributes.is_naked) check_naked(*symbol, *decl.body);

  for (const auto &[name, label] : labels_) check_label(*label);
  if (!symbol->attributes.is_naked && !types::is_void(result) && !types::is_error(result) && can_fall_off(decl.body) &&
      !diags_.has_errors())
    report<diag::MissingReturn>(Range{decl.body->range.end, decl.body->range.end}, symbol->name,
                                types::to_string(result))
        .hint("`return 0;` ends it");
  warn_unused_in_function(*symbol);
  labels_.clear();
  nodes_ = outer_nodes;
  function_ = nullptr;
  result_ = nullptr;
}

void Analyzer::finish_unit() {
  // By number: what is read of headers now is added at the end.
  for (size_t i = 0; i < unit_.symbols.size(); i++) {
    Symbol *symbol = unit_.symbols[i];
    if (symbol->is_tentative && types::is_array(symbol->type) && !symbol->type->plain->has_length &&
        types::is_complete(types::base_of(symbol->type)))
      symbol->type = types_.array_of(types::base_of(symbol->type), 1);  // C11 6.9.2p5
    else if (symbol->is_tentative && !require_complete(symbol->type, symbol->range, "the variable"))
      symbol->type = types_.error();
    check_section(*symbol);
  }
  warn_unused_in_unit();
  check_license();
}

}  // namespace spile::sema
