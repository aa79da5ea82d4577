// Members that are passed over: the body of a record at file scope in a header is not parsed until somebody asks for
// it.
//
//   struct task_struct { ...four hundred lines... };      tokens [first_token, end) and no tree
//
// A real vmlinux.h defines ten thousand records, and a program looks into some twenty. What a body does to the
// declarations after it is done at once: a tag that stands in it for the first time is declared before the record
// (C11 6.2.1 p7). A body that declares more than that (enumerators, a record with a tag) is parsed where it stands, as
// are those of the main file, whose faults must be found.
#include "frontend/parse/tree_actions.h"

namespace spile::parse {

namespace {

// What may stand in a body that is passed over.
bool is_plain(TokenKind kind) {
  using enum TokenKind;
  if ((kind >= Const && kind <= Union) || kind == Int128T || kind == Uint128T) return true;  // words of types
  if (kind >= LeftParen && kind <= Tilde) return true;
  return kind == Identifier || kind == LeftBracket || kind == IntegerLiteral || kind == CharLiteral ||
         kind == StringLiteral || kind == Sizeof || kind == Attribute || kind == Extension;
}

}  // namespace

void TreeActions::pass_over_headers(ast::LazyMembers *reader) {
  lazy_members_ = reader;
  known_tags_.resize(_input->types.all().size());
}

void TreeActions::pass_over_members(ast::RecordSpec *record) {
  if (lazy_members_ == nullptr || open_scopes_ != 0 || !_input->in_header()) return;
  const size_t end = end_of_members();
  if (end == 0) return;
  declare_tags(end);
  record->lazy = lazy_members_;
  record->first_token = static_cast<uint32_t>(_input->previous_position());
  _input->jump(end);
}

// The place of the `}` that ends the body; 0 when it must be parsed now.
size_t TreeActions::end_of_members() const {
  const TokenCursor &tokens = *_input;
  uint32_t depth = 0;
  for (size_t at = tokens.position();; at++) {
    const TokenKind kind = tokens[at].kind;
    if (!is_plain(kind)) {
      // An enum that is not defined here cannot be declared ahead: C has no such declaration.
      const bool is_known_enum = kind == TokenKind::Enum && tokens[at + 1].is(TokenKind::Identifier) &&
                                 !tokens[at + 2].is(TokenKind::LeftBrace) && !tokens[at + 2].is(TokenKind::Colon) &&
                                 known_tags_[tokens[at + 1].name] != 0;
      if (!is_known_enum) return 0;
    }
    if (kind == TokenKind::LeftBrace) {
      // ({ ... }) and initializers have no place here; `struct {` has.
      const TokenKind before = tokens[at - 1].kind;
      if (before != TokenKind::Struct && before != TokenKind::Union) return 0;
      depth++;
    }
    if (kind == TokenKind::RightBrace && depth-- == 0) return at;
  }
}

// `struct tag` in the members means a tag of the file's scope, which they may be the first to name.
void TreeActions::declare_tags(size_t end) {
  for (size_t at = _input->position(); at < end; at++) {
    const Token &keyword = (*_input)[at], &name = (*_input)[at + 1];
    if (!keyword.is(TokenKind::Struct) && !keyword.is(TokenKind::Union)) continue;
    if (!name.is(TokenKind::Identifier) || known_tags_[name.name] != 0) continue;
    known_tags_[name.name] = 1;
    auto *record = make_record();
    record->is_union = keyword.is(TokenKind::Union);
    record->tag = name.spelling();
    record->tag_range = name.range();
    record->range = {keyword.loc, name.end()};
    auto *decl = arena->make<ast::Decl>(ast::Decl::Variables, record->range);
    decl->specs = arena->make<ast::DeclSpecs>();
    decl->specs->range = record->range;
    decl->specs->record = record;
    forward_declarations_.push_back(decl);
  }
}

}  // namespace spile::parse
