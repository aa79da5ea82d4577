// SyntaxErrors: what the error pass does when a token does not fit: says what was expected and where, and goes on.
//
// A missing `;`, `)` or `]` is reported and taken as written; one token too many is dropped. Anything else leaves the
// statement, member or declaration it stands in: the exception travels up to the rule of one of those, and the tokens
// up to its end are skipped. So that one fault is one message.
#pragma once

#include <antlr4-runtime.h>

#include <cstdint>
#include <exception>
#include <string>

#include "frontend/parse/parser.h"
#include "frontend/parse/token_cursor.h"
#include "support/diagnostics.h"

namespace spile::parse {

class ParserCore;

class SyntaxErrors {
 public:
  SyntaxErrors(TokenCursor &stream, Diagnostics &diagnostics) : stream_(stream), diagnostics_(diagnostics) {}

  // At the beginning of a loop or choice: in the lists of declarations, members and statements, reports and skips what
  // cannot begin one.
  void sync(ParserCore &parser);
  // The next token is not [kind] (INVALID_TYPE: not of a set). Reports; returns when the parser may go on as if it
  // were.
  void mismatch(ParserCore &parser, size_t kind);
  // A rule found no alternative for the next token.
  void report(ParserCore &parser);
  // Rethrows [error] unless the rule can go on after skipping tokens.
  void recover(ParserCore &parser, const std::exception_ptr &error);
  // A rule has begun at the next token; [depth] rules are open.
  void entered_rule(size_t depth) {
    if (rule_starts_.size() <= depth) rule_starts_.resize(depth + 64);
    rule_starts_[depth] = stream_.position();
  }
  Diagnostics &diagnostics() { return diagnostics_; }
  const Repairs &repairs() const { return repairs_; }

 private:
  bool report_special(ParserCore &parser);
  bool report_unknown_type();
  std::string_view keyword_of_tag(const pp::Token &name) const;
  void unknown_type(const Token &name);
  bool is_undeclared(const Token &token) const;
  void report_expected(ParserCore &parser, size_t kind);
  void report_found(ParserCore &parser, std::string_view wanted);
  bool report_unclosed_brace();
  bool can_insert(size_t kind) const;
  void skip(ParserCore &parser, size_t from);
  void skip_balanced();
  void stop_if_enough();
  std::string found() const;

  TokenCursor &stream_;
  Diagnostics &diagnostics_;
  Repairs repairs_;
  std::vector<size_t> rule_starts_;  // by depth: the token at which the open rule began
  bool is_recovering_ = false;       // an error has been reported and its statement not been left yet
  size_t last_skip_ = SIZE_MAX;      // where the last skip ended: the next one must move on
};

}  // namespace spile::parse
