// The actions for declarations, specifiers, declarators, attributes and initializers; those for statements and
// expressions are in statement_actions.cpp and expression_actions.cpp.
#include "frontend/parse/tree_actions.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/parse.def"
#include "support/diag_table.h"

namespace spile::parse {

// ---------------------------------------------------------------- which names are types

void TreeActions::declare(const ast::Declarator *declarator, const ast::DeclSpecs *specs) {
  if (declarator->name_number != 0) _input->types.set(declarator->name_number, specs->storage == ast::Storage::Typedef);
}

void TreeActions::declare_parameters(const ast::Declarator *function) {
  for (const ast::DeclaratorPart *part : function->parts) {
    if (part->kind != ast::DeclaratorPart::Function) continue;
    for (const ast::Param *param : part->params->params) declare(param->declarator, param->specs);
    return;
  }
}

// ---------------------------------------------------------------- declarations

ast::Decl *TreeActions::make_decl(ast::Decl::Kind kind, Loc begin) {
  return arena->make<ast::Decl>(kind, Range{begin, last_end()});
}

// An import stands before the first declaration that begins after it.
void TreeActions::push_external_declaration() {
  const Mark begin = mark();
  const std::vector<size_t> &imports = _input->imports();
  for (; imports_pushed_ < imports.size() && imports[imports_pushed_] < external_at_; imports_pushed_++) {
    const Token &token = (*_input)[imports[imports_pushed_]];
    auto *import = arena->make<ast::Decl>(ast::Decl::Import, token.range());
    import->module = token.spelling().substr(token.spelling().rfind(' ') + 1);
    push(import);
  }
  for (ast::Decl *forward : forward_declarations_) push(forward);
  forward_declarations_.clear();
  push(decl_);
  if (sink == nullptr) return;
  sink->take(take<ast::Decl>(begin));
  pragma_attributes_ = {};  // it lay in what the sink may have released
}

void TreeActions::finish_unit(Mark list) {
  unit = arena->make<ast::TranslationUnit>();
  unit->decls = take<ast::Decl>(list);
}

void TreeActions::finish_declaration(Loc begin, ast::DeclSpecs *specs, Mark list) {
  decl_ = make_decl(ast::Decl::Variables, begin);
  decl_->specs = specs;
  decl_->declarators = take<ast::InitDeclarator>(list);
}

void TreeActions::finish_members(Loc begin, ast::DeclSpecs *specs, Mark list) {
  finish_declaration(begin, specs, list);
  decl_->kind = ast::Decl::Members;
  decl_->lacks_semicolon = !_input->previous().is(TokenKind::Semi);
}

void TreeActions::finish_function(Loc begin, ast::DeclSpecs *specs, ast::Declarator *declarator) {
  const Mark list = mark();
  push(arena->make<ast::InitDeclarator>(declarator));
  finish_declaration(begin, specs, list);
  decl_->kind = ast::Decl::Function;
  decl_->body = stmt_;
}

void TreeActions::finish_static_assert(Loc begin, ast::Expr *condition, ast::Expr *message) {
  decl_ = make_decl(ast::Decl::StaticAssert, begin);
  decl_->condition = condition;
  decl_->message = message;
}

void TreeActions::finish_asm_declaration(Loc begin) {
  decl_ = make_decl(ast::Decl::Asm, begin);
  decl_->message = expr_;
}

void TreeActions::finish_init_declarator(ast::Declarator *declarator, ast::Expr *init) {
  init_declarator_ = arena->make<ast::InitDeclarator>(declarator, init);
}

void TreeActions::finish_member_declarator(ast::Declarator *declarator, ast::Expr *width) {
  init_declarator_ = arena->make<ast::InitDeclarator>(declarator, nullptr, width);
}

// ---------------------------------------------------------------- records

void TreeActions::set_tag(ast::RecordSpec *record) {
  record->tag = last_text();
  record->tag_range = last_range();
  note_tag();
}

void TreeActions::set_tag(ast::EnumSpec *enumeration) {
  enumeration->tag = last_text();
  note_tag();
}

void TreeActions::note_tag() {
  if (open_scopes_ == 0 && lazy_members_ != nullptr) known_tags_[_input->previous().name] = 1;
}

void TreeActions::begin_members(ast::RecordSpec *record) {
  record->has_body = true;
  if (record->lazy != nullptr) return;
  record->pack = _input->pack();
  if (!_input->preserves_access_index()) return;
  if (pragma_attributes_.empty()) {
    const Mark list = mark();
    auto *attribute = arena->make<ast::Attribute>();
    attribute->name = kPreserveAccessIndex;
    push(attribute);
    pragma_attributes_ = take<ast::Attribute>(list);
  }
  if (record->attributes.empty()) {
    record->attributes = pragma_attributes_;
    return;
  }
  const Mark list = mark();
  for (ast::Attribute *attribute : record->attributes) push(attribute);
  push(pragma_attributes_[0]);
  record->attributes = take<ast::Attribute>(list);
}

// ---------------------------------------------------------------- specifiers

TreeActions::Specifiers::Specifiers(TreeActions &owner, Mark attributes, Loc begin)
    : owner_(owner), attributes_(attributes), specs_(owner.arena->make<ast::DeclSpecs>()) {
  specs_->range.begin = begin;
}

// From here on a name is the name of what is declared, even if it was declared as a type outside.
void TreeActions::Specifiers::type_seen() {
  body_attributes_ = nullptr;
  owner_.expect_name();
}

void TreeActions::Specifiers::word() {
  ast::BaseWords &words = specs_->words;
  const auto type_word = [&](uint8_t &count) {
    if (count < UINT8_MAX) count++;
    type_seen();
  };
  switch (owner_.last_kind()) {
    case TokenKind::Typedef:
      specs_->storage = ast::Storage::Typedef;
      break;
    case TokenKind::Extern:
      specs_->storage = ast::Storage::Extern;
      break;
    case TokenKind::Static:
      specs_->storage = ast::Storage::Static;
      break;
    case TokenKind::Register:
      specs_->storage = ast::Storage::Register;
      break;
    case TokenKind::Auto:
      specs_->storage = ast::Storage::Auto;
      break;
    case TokenKind::ThreadLocal:
      specs_->storage = ast::Storage::ThreadLocal;
      break;
    case TokenKind::Inline:
      specs_->is_inline = true;
      break;
    case TokenKind::Noreturn:
      specs_->is_noreturn = true;
      break;
    case TokenKind::Void:
      type_word(words.void_);
      break;
    case TokenKind::Bool:
      type_word(words.bool_);
      break;
    case TokenKind::Char:
      type_word(words.char_);
      break;
    case TokenKind::Short:
      type_word(words.short_);
      break;
    case TokenKind::Int:
      type_word(words.int_);
      break;
    case TokenKind::Long:
      type_word(words.long_);
      break;
    case TokenKind::Float:
      type_word(words.float_);
      break;
    case TokenKind::Double:
      type_word(words.double_);
      break;
    case TokenKind::Signed:
      type_word(words.signed_);
      break;
    case TokenKind::Unsigned:
      type_word(words.unsigned_);
      break;
    case TokenKind::Int128:
    case TokenKind::Int128T:
      type_word(words.int128_);
      break;
    case TokenKind::Uint128T:
      type_word(words.int128_);
      type_word(words.unsigned_);
      break;
    case TokenKind::AutoType:
      type_word(words.auto_type);
      break;
    case TokenKind::VaList:
      type_word(words.va_list);
      break;
    default:
      specs_->qualifiers |= owner_.last_qualifier();
      break;
  }
}

void TreeActions::Specifiers::type_name() {
  specs_->typedef_name = owner_.last_text();
  specs_->typedef_range = owner_.last_range();
  type_seen();
}

void TreeActions::Specifiers::record(ast::RecordSpec *record) {
  specs_->record = record;
  type_seen();
  if (record->has_body) body_attributes_ = &record->attributes;
}

void TreeActions::Specifiers::enumeration(ast::EnumSpec *enumeration) {
  specs_->enumeration = enumeration;
  type_seen();
  if (enumeration->has_body) body_attributes_ = &enumeration->attributes;
}

void TreeActions::Specifiers::typeof_expression(ast::Expr *expr, bool is_unqual) {
  specs_->typeof_expr = expr;
  specs_->typeof_unqual = is_unqual;
  type_seen();
}

void TreeActions::Specifiers::typeof_type(ast::TypeName *type, bool is_unqual) {
  specs_->typeof_type = type;
  specs_->typeof_unqual = is_unqual;
  type_seen();
}

void TreeActions::Specifiers::atomic(ast::TypeName *type) {
  specs_->typeof_type = type;
  specs_->qualifiers |= ast::kAtomic;
  type_seen();
}

// Attributes right after a body belong to the type: struct { ... } __attribute__((packed)) x;
void TreeActions::Specifiers::end_attribute() {
  if (body_attributes_ == nullptr) return;
  const Mark list = owner_.mark();
  const auto added = owner_.take<ast::Attribute>(attribute_mark_);
  if (added.empty() && list == attribute_mark_) return;
  for (ast::Attribute *attribute : *body_attributes_) owner_.push(attribute);
  for (ast::Attribute *attribute : added) owner_.push(attribute);
  *body_attributes_ = owner_.take<ast::Attribute>(attribute_mark_);
}

ast::DeclSpecs *TreeActions::Specifiers::finish() {
  specs_->range.end = owner_.last_end();
  specs_->attributes = owner_.take<ast::Attribute>(attributes_);
  return specs_;
}

// ---------------------------------------------------------------- attributes

void TreeActions::finish_attribute(Loc begin, std::string_view name, Mark arguments, ast::TypeName *type) {
  if (name.size() > 4 && name.starts_with("__") && name.ends_with("__")) name = name.substr(2, name.size() - 4);
  auto *attribute = arena->make<ast::Attribute>();
  attribute->name = name;
  attribute->type_arg = type;
  attribute->args = take<ast::Expr>(arguments);
  attribute->range = {begin, last_end()};
  push(attribute);
}

void TreeActions::add_attributes(ast::Declarator *declarator, Mark list) {
  if (mark() == list) return;
  const auto added = take<ast::Attribute>(list);
  if (declarator->attributes.empty()) {
    declarator->attributes = added;
    return;
  }
  for (ast::Attribute *attribute : declarator->attributes) push(attribute);
  for (ast::Attribute *attribute : added) push(attribute);
  declarator->attributes = take<ast::Attribute>(list);
}

void TreeActions::add_early_attributes(ast::Declarator *declarator) {
  const Mark list = mark();
  for (ast::Attribute *attribute : std::exchange(early_attributes_, {})) push(attribute);
  add_attributes(declarator, list);
}

// ---------------------------------------------------------------- declarators

ast::Declarator *TreeActions::make_declarator() {
  auto *declarator = arena->make<ast::Declarator>();
  declarator->attributes = std::exchange(early_attributes_, {});
  declarator->range = {here(), here()};
  return declarator;
}

void TreeActions::set_name(ast::Declarator *declarator) {
  declarator->name = last_text();
  declarator->name_range = last_range();
  declarator->name_number = _input->previous().name;
}

void TreeActions::finish_declarator(ast::Declarator *declarator, Mark parts, Loc begin) {
  if (mark() - parts > kMaxTreeDepth) stop_too_deep();
  declarator->parts = take<ast::DeclaratorPart>(parts);
  declarator->range = {begin, last_end()};
  declarator_ = declarator;
}

void TreeActions::finish_any_declarator(ast::Declarator *declarator, Mark parts, Loc begin) {
  finish_declarator(declarator, parts, begin);
}

ast::DeclaratorPart *TreeActions::make_part(ast::DeclaratorPart::Kind kind) {
  auto *part = arena->make<ast::DeclaratorPart>(kind, last_range());
  return part;
}

ast::DeclaratorPart *TreeActions::begin_part(ast::DeclaratorPart::Kind kind) {
  types_again();
  return arena->make<ast::DeclaratorPart>(kind, Range{here(), here()});
}

void TreeActions::finish_part(ast::DeclaratorPart *part) {
  part->range.end = last_end();
  push(part);
}

uint8_t TreeActions::last_qualifier() const {
  switch (last_kind()) {
    case TokenKind::Const:
      return ast::kConst;
    case TokenKind::Volatile:
      return ast::kVolatile;
    case TokenKind::Restrict:
      return ast::kRestrict;
    case TokenKind::Atomic:
      return ast::kAtomic;
    default:
      return 0;
  }
}

void TreeActions::finish_parameters(ast::DeclaratorPart *part, Mark list, bool is_variadic) {
  part->params = arena->make<ast::Parameters>();
  part->params->is_empty_parens = mark() == list;
  part->params->is_variadic = is_variadic;
  part->params->params = take<ast::Param>(list);
}

void TreeActions::finish_parameter(Loc begin, ast::DeclSpecs *specs, ast::Declarator *declarator) {
  param_ = arena->make<ast::Param>(Range{begin, last_end()}, specs, declarator);
  declare(declarator, specs);
}

void TreeActions::finish_type_name(Loc begin, ast::DeclSpecs *specs, ast::Declarator *declarator) {
  type_name_ = arena->make<ast::TypeName>(Range{begin, last_end()}, specs, declarator);
}

void TreeActions::require_end_of_parameters() {
  if (_input->next_kind() != TokenKind::RightParen) fault<diag::EllipsisNotLast>(last_range());
}

// ---------------------------------------------------------------- initializers

void TreeActions::finish_initializer_list(Loc begin, Mark list) {
  expr_ = make_expr(ast::Expr::InitList, begin);
  expr_->items = take<ast::InitItem>(list);
  measure(expr_);
}

void TreeActions::finish_initializer_item(Mark designators, ast::Expr *value) {
  auto *item = arena->make<ast::InitItem>();
  item->designators = take<ast::Designator>(designators);
  item->value = value;
  push(item);
}

// GNU's old form: { field: value }
void TreeActions::push_field_designator(ast::Expr *field) {
  if (field->kind != ast::Expr::Identifier || field->is_paren) fault<diag::NotAField>(field->range);
  auto *designator = arena->make<ast::Designator>();
  designator->range = field->range;
  designator->field = field->text;
  push(designator);
}

ast::Designator *TreeActions::make_designator() {
  auto *designator = arena->make<ast::Designator>();
  designator->range.begin = here();
  return designator;
}

void TreeActions::finish_designator(ast::Designator *designator) {
  designator->range.end = last_end();
  push(designator);
}

}  // namespace spile::parse
