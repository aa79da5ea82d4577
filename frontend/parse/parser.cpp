#include "frontend/parse/parser.h"

#include <SpileC.h>

#include <algorithm>
#include <span>

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

// Reads the members of records that the fast pass has passed over. Lives in the arena.
class LazyReader final : public ast::LazyMembers {
 public:
  LazyReader(const pp::Tokens &tokens, Arena &arena, Diagnostics &diagnostics)
      : tokens_(&tokens), arena_(&arena), diagnostics_(&diagnostics) {}
  // As they are at the end of the file.
  void set_types(std::span<TypeNames::Meaning> types) { types_ = types; }
  bool read(ast::RecordSpec &record) override;

 private:
  const pp::Tokens *tokens_;
  Arena *arena_;
  Diagnostics *diagnostics_;
  std::span<TypeNames::Meaning> types_;
};

// The fast pass: null at the first error, which it does not name.
ast::TranslationUnit *parse_fast(const pp::Tokens &tokens, Arena &arena, const btf::Image *btf, LazyReader *lazy,
                                 bool &is_too_deep, Loc &stopped_at) {
  TokenCursor stream(tokens, btf);
  SpileC parser(&stream);
  parser.arena = &arena;
  if (lazy != nullptr) parser.pass_over_headers(lazy);
  try {
    parser.translationUnit();
    if (lazy != nullptr) lazy->set_types(arena.copy(stream.types.all()));
    return parser.unit;
  } catch (const antlr4::ParseCancellationException &) {
    is_too_deep = parser.is_too_deep;
    stopped_at = stream.next().loc;
    return nullptr;
  }
}

// The error pass: finds what is wrong.
bool parse_for_errors(const pp::Tokens &tokens, Arena &arena, Diagnostics &diagnostics, const btf::Image *btf,
                      Loc &stopped_at) {
  SpileC::load_atn();
  TokenCursor stream(tokens, btf);
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

void report_errors(const pp::Tokens &tokens, Arena &arena, Diagnostics &diagnostics, const btf::Image *btf,
                   bool is_too_deep, Loc stopped_at) {
  const size_t errors = diagnostics.error_count();
  if (!is_too_deep) is_too_deep = parse_for_errors(tokens, arena, diagnostics, btf, stopped_at);
  if (is_too_deep || diagnostics.error_count() == errors)
    diagnostics.report<diag::NestingTooDeep>(stopped_at)
        .hint("at most about {} parentheses or blocks in each other", kMaxRuleDepth / 5);
}

bool LazyReader::read(ast::RecordSpec &record) {
  TokenCursor stream(*tokens_, record.first_token, types_);
  const auto preserves = [](const ast::Attribute *attribute) { return attribute->name == kPreserveAccessIndex; };
  stream.set_pragmas(record.pack, std::ranges::any_of(record.attributes, preserves));
  SpileC parser(&stream);
  parser.arena = arena_;
  try {
    parser.memberBlock(&record);
    record.lazy = nullptr;
    return true;
  } catch (const antlr4::ParseCancellationException &) {
    record.lazy = nullptr;
    if (!diagnostics_->has_errors())
      report_errors(*tokens_, *arena_, *diagnostics_, nullptr, parser.is_too_deep, stream.next().loc);
    return false;
  }
}

}  // namespace

ast::TranslationUnit *parse(const pp::Tokens &tokens, Arena &arena, Diagnostics &diagnostics, const btf::Image *btf,
                            Bodies bodies) {
  bool is_too_deep = false;
  Loc stopped_at;
  // What a module has to offer is asked for in the order of the source.
  const bool is_lazy = bodies == Bodies::Lazy && !tokens.has_import;
  LazyReader *lazy = is_lazy ? arena.make<LazyReader>(tokens, arena, diagnostics) : nullptr;
  if (ast::TranslationUnit *unit = parse_fast(tokens, arena, btf, lazy, is_too_deep, stopped_at)) return unit;
  report_errors(tokens, arena, diagnostics, btf, is_too_deep, stopped_at);
  return nullptr;
}

}  // namespace spile::parse
