// The parser: tokens in, syntax tree out. The grammar is lang-spec/grammar/SpileC.g4; ANTLR stays inside this folder.
//
// A source without errors is parsed in one fast pass; the first error starts a second, slower pass with error recovery
// that finds the independent errors and says what was expected (rows of diagnostics/parse.def).
#pragma once

#include "frontend/ast/ast.h"
#include "frontend/pp/preprocessor.h"
#include "support/arena.h"
#include "support/diagnostics.h"

namespace spile::parse {

// The tree of [tokens], made in [arena]; its names and literals point to the tokens' texts. Null when a syntax error
// was reported.
ast::TranslationUnit *parse(const pp::Tokens &tokens, Arena &arena, Diagnostics &diagnostics);

}  // namespace spile::parse
