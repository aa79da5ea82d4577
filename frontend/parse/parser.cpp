#include "frontend/parse/parser.h"

#include <SpileC.h>

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/parse.def"
#include "support/diag_table.h"

namespace spile::parse {

// The generated parser's token types are the preprocessor's token kinds.
#define SPILE_TOKEN(Name, description) \
  static_assert(static_cast<size_t>(pp::TokenKind::Name) == static_cast<size_t>(SpileC::Name));
#define SPILE_PUNCTUATOR(Name, spelling) SPILE_TOKEN(Name, spelling)
#define SPILE_KEYWORD(Name, spelling) SPILE_TOKEN(Name, spelling)
#define SPILE_KEYWORD_ALIAS(Name, spelling)
#include "lang-spec/grammar/tokens.def"

namespace {

// The fast pass: null at the first error, which it does not name.
ast::TranslationUnit *parse_fast(const pp::Tokens &tokens, Arena &arena, bool &is_too_deep, Loc &stopped_at) {
  TokenCursor stream(tokens);
  SpileC parser(&stream);
  parser.arena = &arena;
  try {
    parser.translationUnit();
    return parser.unit;
  } catch (const antlr4::ParseCancellationException &) {
    is_too_deep = parser.is_too_deep;
    stopped_at = stream.next().loc;
    return nullptr;
  }
}

// The error pass: finds what is wrong.
bool parse_for_errors(const pp::Tokens &tokens, Arena &arena, Diagnostics &diagnostics, Loc &stopped_at) {
  SpileC::load_atn();
  TokenCursor stream(tokens);
  SpileC parser(&stream);
  SyntaxErrors errors(stream, diagnostics);
  parser.arena = &arena;
  parser.errors = &errors;
  try {
    parser.translationUnit();
  } catch (const antlr4::ParseCancellationException &) {
    stopped_at = stream.next().loc;
  } catch (const antlr4::RecognitionException &) {
    stopped_at = stream.next().loc;
  }
  return parser.is_too_deep;
}

}  // namespace

ast::TranslationUnit *parse(const pp::Tokens &tokens, Arena &arena, Diagnostics &diagnostics) {
  bool is_too_deep = false;
  Loc stopped_at;
  if (ast::TranslationUnit *unit = parse_fast(tokens, arena, is_too_deep, stopped_at)) return unit;
  const size_t errors = diagnostics.error_count();
  if (!is_too_deep) is_too_deep = parse_for_errors(tokens, arena, diagnostics, stopped_at);
  if (is_too_deep || diagnostics.error_count() == errors)
    diagnostics.report<diag::NestingTooDeep>(stopped_at)
        .hint("at most about {} parentheses or blocks in each other", kMaxRuleDepth / 5);
  return nullptr;
}

}  // namespace spile::parse
