#include "frontend/parse/token_cursor.h"

namespace spile::parse {

// Kinds that need a second look: see the top of tokens.def.
void TokenCursor::settle_special() {
  for (;; at_++) {
    const Token &token = tokens_[at_];
    switch (token.kind) {
      case TokenKind::EndOfFile:
        next_kind_ = kEnd;
        return;
      case TokenKind::Identifier:
        next_kind_ = name_kind();
        return;
      case TokenKind::Int128T:
      case TokenKind::Uint128T:
        next_kind_ = typedef_kind();
        return;
      case TokenKind::Extension:
        continue;  // it only silences warnings
      case TokenKind::PragmaAttribute:
        preserves_access_index_ = token.name != 0;
        continue;
      case TokenKind::PragmaPack:
        pack_ = token.name;
        continue;
      case TokenKind::PragmaImport:
        if (btf_ != nullptr) imports_.push_back(at_), asks_ = has_import_ = true;
        continue;
      case TokenKind::LeftBracket:
        next_kind_ = static_cast<size_t>(token.kind);
        // Two in a row begin an attribute and nothing else. The second one stands for both.
        if (!after_next().is(TokenKind::LeftBracket)) return;
        at_++;
        next_kind_ = static_cast<size_t>(TokenKind::AttributeOpen);
        return;
      case TokenKind::Atomic:
        // Right before a parenthesis it is the specifier, not the qualifier (C11 6.7.2.4 p4).
        next_kind_ = static_cast<size_t>(after_next().is(TokenKind::LeftParen) ? TokenKind::AtomicType : token.kind);
        return;
      default:
        next_kind_ = static_cast<size_t>(token.kind);
        return;
    }
  }
}

// A header that was not read comes first: like declarations that were, it wins over a module.
void TokenCursor::ask_headers(const Token &name) {
  using enum TypeNames::Meaning;
  if (postponed_ != nullptr && postponed_->find(name.spelling()) != nullptr) {
    // A tag alone is the name of nothing else.
    const auto meaning = postponed_->is_typedef(name.spelling())    ? Type
                         : postponed_->is_ordinary(name.spelling()) ? Other
                                                                    : Nothing;
    if (meaning != Nothing) return types.import(name.name, meaning);
  }
  // A name that no module was asked for stays unknown until there is one.
  if (has_import_) types.import(name.name, btf_->is_typedef(name.spelling()) ? Type : Nothing);
}

size_t TokenCursor::name_kind() {
  const Token &token = tokens_[at_];
  if (names_only_ || !is_type(token)) return kIdentifier;
  // A label may be called like a type: labels have a name space of their own.
  if (after_next().is(TokenKind::Colon) && !in_record && at_ != 0) {
    switch (tokens_[previous_].kind) {
      case TokenKind::Semi:
      case TokenKind::LeftBrace:
      case TokenKind::RightBrace:
      case TokenKind::RightParen:
      case TokenKind::Colon:
      case TokenKind::Else:
      case TokenKind::Do:
        return kIdentifier;
      default:
        break;
    }
  }
  return kTypeName;
}

void TokenCursor::mark_enum_colon() {
  if (next_kind_ != static_cast<size_t>(TokenKind::Colon)) return;
  const Token &after = after_next();
  const bool is_type = (after.kind >= TokenKind::Const && after.kind <= TokenKind::VaList) ||
                       is_typedef_of_the_language(after.kind) ||
                       (after.is(TokenKind::Identifier) && this->is_type(after));
  if (is_type) next_kind_ = static_cast<size_t>(TokenKind::EnumColon);
}

size_t TokenCursor::kind_at(ssize_t i) const {
  const Token &token = i == -1 ? previous() : i == 2 ? after_next() : next();
  return token.is(TokenKind::EndOfFile) ? kEnd : static_cast<size_t>(token.kind);
}

}  // namespace spile::parse
