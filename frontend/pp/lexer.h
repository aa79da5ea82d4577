// Lexer: the characters of one file to preprocessing tokens (C11 6.4), one at a time.
//
// White space and comments become flags of the next token. Line splices (a backslash at the end of a line) are looked
// for where a token could go on; a token with one inside is lexed again from a cleaned copy of its line. The text must
// be followed by a NUL. A lexer does no macros and no directives, but ends a directive's line with EndOfFile.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "frontend/pp/names.h"
#include "frontend/pp/token.h"
#include "support/arena.h"
#include "support/diagnostics.h"

namespace spile::pp {

class Lexer {
 public:
  // [base] is the location of text[0]. With null [diagnostics] faults are passed over in silence.
  Lexer(std::string_view text, Loc base, Names &names, Arena &arena, Diagnostics *diagnostics)
      : begin_(text.data()),
        end_(text.data() + text.size()),
        at_(begin_),
        base_(base),
        names_(&names),
        arena_(&arena),
        diagnostics_(diagnostics) {}

  // The next token. At the end of the file, and at the end of the line inside a directive, it is EndOfFile.
  void lex(Token &token);

  // Between these two, the end of the line ends the tokens.
  void begin_directive() { in_directive_ = true; }
  // Skips what is left of the line, its newline too.
  void end_directive();
  // What is left of the directive's line, without comments' meaning and trailing blanks: the text of #error.
  Token rest_of_line();

  // Passes over what is left of the directive, and gives its text with the newline behind it; nothing, and stays, where
  // only reading tells where it ends.
  std::optional<std::string_view> skip_directive();

  // "x.h" or <x.h> with its quotes, as one token of kind StringLiteral; false when the next token is something else.
  // Must be asked for before lexing what follows #include (C11 6.4.7).
  bool lex_header_name(Token &token);

  // Moves past lines that an #if excluded, to the next `#` that begins a directive line, which is lexed into [hash];
  // false at the end of the file.
  bool skip_to_directive(Token &hash);

  // True when the next token is `(`; white space and newlines may stand before it. Nothing is consumed.
  bool next_is_left_paren();

  Loc loc() const { return loc_of(at_); }
  const char *at() const { return at_; }
  // Goes on at [at], which lies further on and behind the beginning of its line.
  void move_to(const char *at) {
    at_ = at;
    line_start_ = false;
  }
  bool at_end() const { return at_ >= end_; }
  void set_diagnostics(Diagnostics *diagnostics) { diagnostics_ = diagnostics; }

 private:
  Loc loc_of(const char *p) const { return base_ + static_cast<uint32_t>(p - begin_); }
  const char *skip_block_comment(const char *p);
  const char *skip_line_comment(const char *p);
  void lex_number(Token &token, const char *p);
  void lex_quoted(Token &token, const char *start, const char *quote);
  void lex_punctuator(Token &token, const char *p);
  bool lex_spliced(Token &token, const char *start);
  void finish(Token &token, const char *start, const char *end, TokenKind kind);
  bool at_splice(const char *p) const;
  void unclosed_quote(Token &token, const char *start, const char *quote, const char *end);

  const char *begin_, *end_, *at_;
  Loc base_;
  Names *names_;
  Arena *arena_;
  Diagnostics *diagnostics_;
  bool line_start_ = true;
  bool in_directive_ = false;
};

}  // namespace spile::pp
