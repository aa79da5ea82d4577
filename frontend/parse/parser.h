// The parser: tokens in, syntax tree out. The grammar is lang-spec/grammar/SpileC.g4; ANTLR stays inside this folder.
//
// A source without errors is parsed in one fast pass; the first error starts a second, slower pass with error recovery
// that finds the independent errors and says what was expected (rows of diagnostics/parse.def).
#pragma once

#include "frontend/ast/ast.h"
#include "frontend/btf/image.h"
#include "frontend/pp/preprocessor.h"
#include "support/arena.h"
#include "support/diagnostics.h"

namespace spile::parse {

// Lazy: members of records in headers are parsed when they are asked for (ast::LazyMembers), so that [tokens], [arena]
// and [diagnostics] must outlive who asks.
enum class Bodies : uint8_t { All, Lazy };

// The tree of [tokens], made in [arena]; its names and literals point to the tokens' texts. Null when a syntax error
// was reported. [btf]: the names that `#pragma spile import` brings; it may be null when tokens.has_import is false.
ast::TranslationUnit *parse(const pp::Tokens &tokens, Arena &arena, Diagnostics &diagnostics,
                            const btf::Image *btf = nullptr, Bodies bodies = Bodies::All);

}  // namespace spile::parse
