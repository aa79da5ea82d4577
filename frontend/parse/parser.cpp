#include "frontend/parse/parser.h"

#include <SpileC.h>
#include <sys/mman.h>

#include <algorithm>
#include <optional>
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

using Meanings = std::span<TypeNames::Meaning>;

// Reads the members of records that the fast pass has passed over. Lives in the arena.
class LazyReader final : public ast::LazyMembers {
 public:
  LazyReader(const pp::Tokens &tokens, Arena &arena, Diagnostics &diagnostics)
      : tokens_(&tokens), arena_(&arena), diagnostics_(&diagnostics) {}
  // As they are now, or at the end of the file.
  void set_types(Meanings types) { types_ = types; }
  bool read(ast::RecordSpec &record) override;

 private:
  const pp::Tokens *tokens_;
  Arena *arena_;
  Diagnostics *diagnostics_;
  Meanings types_;
};

// Reads declarations that the preprocessor has postponed (pp/postponed.h), and the members of records among them only
// when they are asked for. Lives in the arena.
class PostponedReader final : public ast::PostponedDeclarations, public ast::LazyMembers {
 public:
  PostponedReader(pp::Postponed &postponed, Arena &arena, Diagnostics &diagnostics, const btf::Image *btf)
      : postponed_(&postponed), arena_(&arena), diagnostics_(&diagnostics), btf_(btf) {
    is_taken_ = {static_cast<uint8_t *>(arena.allocate(postponed.declarations().size(), 1)),
                 postponed.declarations().size()};
    std::ranges::fill(is_taken_, uint8_t{0});
  }
  void set_types(Meanings types) { file_types_ = types; }
  ast::List<ast::Decl> take(std::string_view name, bool with_earlier) override;
  ast::List<ast::Decl> take_macros() override;
  bool mentions_tag(std::string_view tag) const override { return postponed_->mentions_tag(tag); }
  void add_names(std::vector<std::string_view> &names) const override {
    for (const pp::Postponed::Entry &entry : postponed_->entries())
      if (entry.kind == pp::Postponed::Kind::Other) names.push_back(entry.name);
  }
  void add_tags(std::vector<std::string_view> &tags) const override {
    for (const pp::Postponed::Entry &entry : postponed_->entries())
      if (entry.kind == pp::Postponed::Kind::Tag) tags.push_back(entry.name);
  }
  bool read(ast::RecordSpec &record) override;

 private:
  // The declarations of these, without those that were taken before.
  ast::List<ast::Decl> take(std::span<const uint32_t> indices);
  ast::Decl *make_record(uint32_t index);
  ast::List<ast::Decl> parse(uint32_t index);

  pp::Postponed *postponed_;
  Arena *arena_;
  Diagnostics *diagnostics_;
  const btf::Image *btf_;        // what was imported; null: nothing was
  std::span<uint8_t> is_taken_;  // by declaration
  Meanings file_types_;          // of the names that the file's own tokens have
  Meanings more_types_;          // of all, once headers have names that the file has not
};

// Who reads what the fast pass leaves out.
struct HeaderReaders {
  HeaderReaders(const pp::Tokens &tokens, Arena &arena, Diagnostics &diagnostics, const btf::Image *btf,
                Bodies bodies) {
    // What a module has to offer is asked for in the order of the source.
    if (bodies == Bodies::Lazy && !tokens.has_import) lazy = arena.make<LazyReader>(tokens, arena, diagnostics);
    if (tokens.postponed != nullptr)
      postponed = arena.make<PostponedReader>(*tokens.postponed, arena, diagnostics, tokens.has_import ? btf : nullptr);
  }
  void set_types(Meanings types) const {
    if (lazy != nullptr) lazy->set_types(types);
    if (postponed != nullptr) postponed->set_types(types);
  }

  LazyReader *lazy = nullptr;
  PostponedReader *postponed = nullptr;
};

// Gives the memory of tokens back that the parser has passed: those of a large file are the most that is in memory.
class Forgetter final : public DeclarationSink {
 public:
  Forgetter(DeclarationSink &sink, const pp::Tokens &tokens, const TokenCursor &cursor)
      : sink_(sink),
        cursor_(cursor),
        // Those of headers may be read again (LazyReader).
        next_(address_of(tokens.list.data() + (tokens.headers.empty() ? 0 : tokens.headers.back().end))) {}

  void begin(ast::PostponedDeclarations *postponed) override { sink_.begin(postponed); }
  void take(ast::List<ast::Decl> decls) override {
    sink_.take(decls);
    constexpr size_t kStep = 1 << 20;  // a multiple of every size of a page
    const uintptr_t begin = (next_ + kStep - 1) & ~(kStep - 1);
    const uintptr_t end = address_of(&cursor_.previous()) & ~(kStep - 1);
    if (end <= begin) return;
    madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
    next_ = end;
  }

 private:
  static uintptr_t address_of(const Token *token) { return reinterpret_cast<uintptr_t>(token); }

  DeclarationSink &sink_;
  const TokenCursor &cursor_;
  uintptr_t next_;  // the first byte that goes next
};

// The fast pass: null at the first error, which it does not name. Trees are made in [trees].
ast::TranslationUnit *parse_fast(const pp::Tokens &tokens, Arena &arena, Arena &trees, const btf::Image *btf,
                                 const HeaderReaders &readers, DeclarationSink *sink, bool &is_too_deep,
                                 Loc &stopped_at, std::span<const uint32_t> more_types = {}) {
  TokenCursor stream(tokens, btf);
  for (const uint32_t name : more_types) stream.types.set(name, true);
  if (!more_types.empty()) stream.reclassify();
  SpileC parser(&stream);
  parser.arena = &trees;
  std::optional<Forgetter> forgetter;
  if (sink != nullptr) parser.sink = &forgetter.emplace(*sink, tokens, stream);
  if (readers.lazy != nullptr) parser.pass_over_headers(readers.lazy);
  readers.set_types(stream.types.all());
  try {
    parser.translationUnit();
    // The readers outlive the stream.
    readers.set_types(arena.copy(std::span<const TypeNames::Meaning>(stream.types.all())));
    parser.unit->postponed = readers.postponed;
    return parser.unit;
  } catch (const antlr4::ParseCancellationException &) {
    is_too_deep = parser.is_too_deep;
    stopped_at = stream.next().loc;
    return nullptr;
  }
}

// The error pass: finds what is wrong. [stopped_at] is set when it could not go on to the end. Whether the source is
// nested too deeply.
bool parse_for_errors(const pp::Tokens &tokens, Arena &arena, Diagnostics &diagnostics, const btf::Image *btf,
                      Loc &stopped_at, Repairs &repairs) {
  SpileC::load_atn();
  TokenCursor stream(tokens, btf);
  SpileC parser(&stream);
  SyntaxErrors errors(stream, diagnostics);
  parser.arena = &arena;
  parser.errors = &errors;
  bool is_complete = false;
  try {
    parser.translationUnit();
    is_complete = !parser.is_too_deep;
  } catch (const antlr4::ParseCancellationException &) {
    stopped_at = stream.next().loc;
  } catch (const antlr4::RecognitionException &) {
    stopped_at = stream.next().loc;
  }
  repairs = errors.repairs();
  repairs.is_complete = is_complete;
  return parser.is_too_deep;
}

// The tokens as recovery left them.
std::vector<Token> mended(const std::vector<Token> &tokens, const Repairs &repairs) {
  std::vector<bool> is_cut(tokens.size(), false);
  for (const Repairs::Cut &cut : repairs.cuts)
    for (size_t i = cut.from; i < cut.to && i + 1 < tokens.size(); i++) is_cut[i] = true;
  std::vector<Token> rest;
  auto insertion = repairs.insertions.begin();
  for (size_t i = 0; i < tokens.size(); i++) {
    for (; insertion != repairs.insertions.end() && insertion->before <= i; ++insertion) {
      if (i == 0 || is_cut[i - 1]) continue;
      Token made = tokens[i - 1];
      made.loc = made.end();
      made.kind = insertion->kind;
      made.name = 0;
      rest.push_back(made);
    }
    if (!is_cut[i]) rest.push_back(tokens[i]);
  }
  return rest;
}

void report_errors(const pp::Tokens &tokens, Arena &arena, Diagnostics &diagnostics, const btf::Image *btf,
                   bool is_too_deep, Loc stopped_at, Repairs &repairs) {
  const size_t errors = diagnostics.error_count();
  if (!is_too_deep) is_too_deep = parse_for_errors(tokens, arena, diagnostics, btf, stopped_at, repairs);
  if (is_too_deep || diagnostics.error_count() == errors)
    diagnostics.report<diag::NestingTooDeep>(stopped_at)
        .hint("at most about {} parentheses or blocks in each other", kMaxRuleDepth / 5);
}

bool LazyReader::read(ast::RecordSpec &record) {
  TokenCursor stream(tokens_->list, record.first_token, types_, tokens_->postponed.get(), nullptr);
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
    if (!diagnostics_->has_errors()) {
      Repairs repairs;
      report_errors(*tokens_, *arena_, *diagnostics_, nullptr, parser.is_too_deep, stream.next().loc, repairs);
    }
    return false;
  }
}

ast::List<ast::Decl> PostponedReader::take(std::string_view name, bool with_earlier) {
  const pp::Postponed::Entry *entry = postponed_->find(name);
  if (entry == nullptr) return {};
  std::vector<uint32_t> wanted;
  if (with_earlier)
    for (uint32_t index = 0; index < entry->declaration; index++) wanted.push_back(index);
  for (; entry != nullptr; entry = postponed_->before(*entry)) wanted.push_back(entry->declaration);
  std::ranges::sort(wanted);
  return take(wanted);
}

ast::List<ast::Decl> PostponedReader::take_macros() {
  std::vector<uint32_t> wanted;
  for (const pp::Postponed::Declaration &declaration : postponed_->declarations())
    if (declaration.has_unknown_names)
      wanted.push_back(static_cast<uint32_t>(&declaration - postponed_->declarations().data()));
  return take(wanted);
}

ast::List<ast::Decl> PostponedReader::take(std::span<const uint32_t> indices) {
  std::vector<uint32_t> wanted;
  for (const uint32_t index : indices) {
    if (is_taken_[index] != 0) continue;
    is_taken_[index] = 1;
    wanted.push_back(index);
  }
  std::vector<ast::Decl *> decls;
  for (const uint32_t index : wanted) {
    if (postponed_->declarations()[index].is_record) {
      decls.push_back(make_record(index));
      continue;
    }
    const auto parsed = parse(index);
    decls.insert(decls.end(), parsed.begin(), parsed.end());
  }
  return arena_->copy(decls);
}

// `struct TAG { ... };` without its members.
ast::Decl *PostponedReader::make_record(uint32_t index) {
  const pp::Postponed::Declaration &declaration = postponed_->declarations()[index];
  const auto at = [&](const char *p) { return declaration.loc + static_cast<uint32_t>(p - declaration.text.data()); };
  auto *record = arena_->make<ast::RecordSpec>();
  record->range = {declaration.loc, at(declaration.text.data() + declaration.text.size() - 1)};
  record->is_union = declaration.text.starts_with("union");
  record->tag = declaration.tag;
  record->tag_range = {at(declaration.tag.data()), at(declaration.tag.data() + declaration.tag.size())};
  record->has_body = true;
  record->lazy = this;
  record->first_token = index;
  auto *decl = arena_->make<ast::Decl>(ast::Decl::Variables, record->range);
  decl->specs = arena_->make<ast::DeclSpecs>();
  decl->specs->range = record->range;
  decl->specs->record = record;
  return decl;
}

bool PostponedReader::read(ast::RecordSpec &record) {
  record.lazy = nullptr;
  const auto decls = parse(record.first_token);
  if (decls.size() != 1 || decls[0]->specs == nullptr || decls[0]->specs->record == nullptr) return false;
  const ast::RecordSpec &whole = *decls[0]->specs->record;
  record.members = whole.members;
  record.attributes = whole.attributes;
  record.pack = whole.pack;
  return true;
}

ast::List<ast::Decl> PostponedReader::parse(uint32_t index) {
  const pp::Postponed::Declaration &declaration = postponed_->declarations()[index];
  const std::vector<Token> tokens = postponed_->tokens(declaration, *arena_, *diagnostics_);
  Meanings types = file_types_;
  if (const size_t names = postponed_->names.count() + 1; names > types.size()) {
    // Names that stand in no other place.
    if (names > more_types_.size()) {
      const Meanings more(static_cast<TypeNames::Meaning *>(arena_->allocate(names * 2, 1)), names * 2);
      std::ranges::fill(std::ranges::copy(more_types_, more.begin()).out, more.end(), TypeNames::Meaning::Unknown);
      more_types_ = more;
    }
    std::ranges::copy(file_types_, more_types_.begin());
    types = more_types_;
  }
  TokenCursor stream(tokens, 0, types, postponed_, btf_);
  stream.set_pragmas(declaration.pack, declaration.preserves_access_index);
  SpileC parser(&stream);
  parser.arena = arena_;
  try {
    parser.translationUnit();
    return parser.unit->decls;
  } catch (const antlr4::ParseCancellationException &) {
    if (!diagnostics_->has_errors()) {
      pp::Tokens list;
      list.list = tokens;
      list.name_count = postponed_->names.count();
      Repairs repairs;
      report_errors(list, *arena_, *diagnostics_, nullptr, parser.is_too_deep, stream.next().loc, repairs);
    }
    return {};
  }
}

}  // namespace

ast::TranslationUnit *parse(const pp::Tokens &tokens, Arena &arena, Diagnostics &diagnostics, const btf::Image *btf,
                            Bodies bodies, Repairs *repairs) {
  bool is_too_deep = false;
  Loc stopped_at;
  const HeaderReaders readers(tokens, arena, diagnostics, btf, bodies);
  if (ast::TranslationUnit *unit = parse_fast(tokens, arena, arena, btf, readers, nullptr, is_too_deep, stopped_at))
    return unit;
  Repairs made;
  report_errors(tokens, arena, diagnostics, btf, is_too_deep, stopped_at, made);
  if (repairs != nullptr) *repairs = std::move(made);
  return nullptr;
}

bool parse_each(pp::Tokens &tokens, Arena &arena, Arena &trees, Diagnostics &diagnostics, const btf::Image *btf,
                DeclarationSink &sink) {
  bool is_too_deep = false;
  Loc stopped_at;
  const HeaderReaders readers(tokens, arena, diagnostics, btf, Bodies::Lazy);
  sink.begin(readers.postponed);
  return parse_fast(tokens, arena, trees, btf, readers, &sink, is_too_deep, stopped_at) != nullptr;
}

ast::TranslationUnit *parse_rest(const pp::Tokens &tokens, const Repairs &repairs, Arena &arena,
                                 Diagnostics &diagnostics, const btf::Image *btf,
                                 std::unordered_set<std::string_view> &left_out) {
  if (!repairs.is_complete) return nullptr;
  for (const Repairs::Cut &cut : repairs.cuts)
    for (size_t i = cut.from; i < cut.to; i++)
      if (tokens.list[i].is(TokenKind::Identifier)) left_out.insert(tokens.list[i].spelling());
  pp::Tokens rest;
  rest.list = mended(tokens.list, repairs);
  rest.has_import = tokens.has_import;
  rest.name_count = tokens.name_count;
  rest.postponed = tokens.postponed;
  bool is_too_deep = false;
  Loc stopped_at;
  const HeaderReaders readers(rest, arena, diagnostics, btf, Bodies::All);
  return parse_fast(rest, arena, arena, btf, readers, nullptr, is_too_deep, stopped_at, repairs.types);
}

}  // namespace spile::parse
