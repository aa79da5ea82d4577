// Token: one token of a source after preprocessing, 24 bytes, with no memory of its own.
//
// Its text lies in the source file, or in the arena given to the preprocessor when the token was made by `#`, `##`,
// a built-in macro or had line splices inside. The preprocessor writes them; the parser's token stream reads them.
#pragma once

#include <cstdint>
#include <string_view>

#include "support/source.h"

namespace spile::pp {

// Kinds are the rows of lang-spec/grammar/tokens.def, from 1 on, and so the token types of the generated parser.
enum class TokenKind : uint16_t {
  EndOfFile = 0,
#define SPILE_TOKEN(Name, description) Name,
#define SPILE_PUNCTUATOR(Name, spelling) Name,
#define SPILE_KEYWORD(Name, spelling) Name,
#define SPILE_KEYWORD_ALIAS(Name, spelling)
#include "lang-spec/grammar/tokens.def"
  Count_,
};

// What a message calls a token of this kind: a description, or the spelling in backticks.
std::string_view describe(TokenKind kind);

enum TokenFlags : uint8_t {
  kLineStart = 1,    // the first token of its line
  kSpaceBefore = 2,  // white space or a comment stood before it
  kNoExpand = 4,     // names a macro, but met inside that macro's own expansion: never expanded (C11 6.10.3.4 p2)
  kSynthetic = 8,    // its text does not stand at its location: made by #, ##, a built-in macro, or spliced lines
};

struct Token {
  const char *text = nullptr;
  uint32_t length = 0;
  Loc loc;
  uint32_t name = 0;  // identifiers and keywords: the number of the spelling, from 1. PragmaUnroll: the count (int32).
                      // PragmaPack: the alignment in bytes from here on, 0 for the natural one. PragmaImport ends
                      // with its module
                      // PragmaAttribute: 1 when records from here on preserve the access index, else 0
  TokenKind kind = TokenKind::EndOfFile;
  uint8_t flags = 0;

  std::string_view spelling() const { return {text, length}; }
  bool is(TokenKind k) const { return kind == k; }
  bool is_pragma() const { return kind >= TokenKind::PragmaImport && kind <= TokenKind::PragmaUnroll; }
  // An identifier or keyword: what may be the name of a macro.
  bool is_word() const { return name != 0 && !is_pragma(); }
  bool has(TokenFlags flag) const { return (flags & flag) != 0; }
  // Just past the token's characters; a token whose text is not there ends one past its beginning.
  Loc end() const { return loc + (has(kSynthetic) ? 1 : length); }
  Range range() const { return {loc, end()}; }
};
static_assert(sizeof(Token) == 24, "the token vector is the largest thing the front end walks");

}  // namespace spile::pp
