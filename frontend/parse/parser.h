// The parser: tokens in, syntax tree out. The grammar is lang-spec/grammar/SpileC.g4; ANTLR stays inside this folder.
//
// A source without errors is parsed in one fast pass; the first error starts a second, slower pass with error recovery
// that finds the independent errors and says what was expected (rows of diagnostics/parse.def).
#pragma once

#include <string_view>
#include <unordered_set>
#include <vector>

#include "frontend/ast/ast.h"
#include "frontend/btf/image.h"
#include "frontend/pp/preprocessor.h"
#include "support/arena.h"
#include "support/diagnostics.h"

namespace spile::parse {

// Lazy: members of records in headers are parsed when they are asked for (ast::LazyMembers), so that [tokens], [arena]
// and [diagnostics] must outlive who asks.
enum class Bodies : uint8_t { All, Lazy };

// What recovery did to go on, in places of the list of tokens: what remains is a source without syntax errors.
struct Repairs {
  struct Cut {
    size_t from = 0, to = 0;  // tokens that were passed over
  };
  struct Insertion {
    size_t before = 0;
    pp::TokenKind kind{};
  };
  std::vector<Cut> cuts;
  std::vector<Insertion> insertions;
  std::vector<uint32_t> types;  // names that stood where a type must: pp::Token::name
  bool is_complete = false;     // the error pass came to the end
};

// The tree of [tokens], made in [arena]; its names and literals point to the tokens' texts. Null when a syntax error
// was reported. [btf]: the names that `#pragma spile import` brings; it may be null when tokens.has_import is false.
// [repairs], unless null: takes what was done about the errors, for parse_rest().
ast::TranslationUnit *parse(const pp::Tokens &tokens, Arena &arena, Diagnostics &diagnostics,
                            const btf::Image *btf = nullptr, Bodies bodies = Bodies::All, Repairs *repairs = nullptr);

// Who takes the declarations of the file's scope one by one.
class DeclarationSink {
 public:
  virtual ~DeclarationSink() = default;
  // Before the first one. Null: no declaration of a header was postponed.
  virtual void begin(ast::PostponedDeclarations *postponed) = 0;
  // One, and what it brings along before it: imports, tags of headers.
  virtual void take(ast::List<ast::Decl> decls) = 0;
};

// The same with lazy bodies, each declaration as soon as it has been read. Trees are made in [trees], which [sink] may
// release; what is read of headers later is made in [arena]. False at a syntax error, which is not reported: parse()
// finds and names it. Needs tokens of its own for that: of a large file, those that were passed have lost their memory.
bool parse_each(pp::Tokens &tokens, Arena &arena, Arena &trees, Diagnostics &diagnostics, const btf::Image *btf,
                DeclarationSink &sink);

// After parse() made [repairs] of [tokens]: the tree of what remains when the statements, members and declarations that
// hold the errors are left out; null when that cannot be parsed either. [left_out]: the names in what is missing.
ast::TranslationUnit *parse_rest(const pp::Tokens &tokens, const Repairs &repairs, Arena &arena,
                                 Diagnostics &diagnostics, const btf::Image *btf,
                                 std::unordered_set<std::string_view> &left_out);

}  // namespace spile::parse
