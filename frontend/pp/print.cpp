// Tokens as text again: one line for each line of the source that gave tokens.
#include "frontend/pp/preprocessor.h"

namespace spile::pp {

// Whether [a] and [b] written without a space could read as something else. Tokens that stand beside each other in one
// file never do.
static bool could_join(const Token &a, const Token &b) {
  if (!a.has(kSynthetic) && !b.has(kSynthetic) && a.end() == b.loc) return false;
  const bool a_is_punctuator = a.kind >= TokenKind::LeftParen && a.kind <= TokenKind::HashHash;
  const bool b_is_punctuator = b.kind >= TokenKind::LeftParen && b.kind <= TokenKind::HashHash;
  if (a_is_punctuator != b_is_punctuator) return a.is(TokenKind::Dot) || b.is(TokenKind::Dot);
  if (!a_is_punctuator) return true;
  constexpr std::string_view kJoining = "+-*/%&|^<>=!.#:";
  return kJoining.contains(a.spelling().back()) && kJoining.contains(b.spelling().front());
}

std::string print_tokens(const Tokens &tokens) {
  std::string text;
  text.reserve(tokens.list.size() * 6);
  const Token *previous = nullptr;
  for (const Token &token : tokens.list) {
    if (token.is(TokenKind::EndOfFile)) break;
    const bool is_new_line =
        token.has(kLineStart) || token.is_pragma() || (previous != nullptr && previous->is_pragma());
    if (previous != nullptr && is_new_line) {
      text += '\n';
    } else if (previous != nullptr && (token.has(kSpaceBefore) || could_join(*previous, token))) {
      text += ' ';
    }
    text += token.spelling();
    previous = &token;
  }
  if (previous != nullptr) text += '\n';
  return text;
}

}  // namespace spile::pp
