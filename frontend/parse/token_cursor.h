// TokenCursor: the preprocessor's tokens as the generated parser reads them, one token ahead.
//
// Here C's grammar becomes LL(1). A name is classified as TypeName or Identifier at the moment when it becomes the next
// token, when all declarations before it have been seen, so typedef scoping is exact. Some tokens are skipped
// (`__extension__`, #pragma pack), some are given another kind, some are made up (see SpileC.g4).
#pragma once

#include <antlr4-runtime.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "frontend/btf/image.h"
#include "frontend/pp/postponed.h"
#include "frontend/pp/preprocessor.h"

namespace spile::parse {

using pp::Token;
using pp::TokenKind;

// Which names are types now. Names are the preprocessor's numbers.
class TypeNames {
 public:
  enum class Meaning : uint8_t { Unknown, Nothing, Type, Other };

  explicit TypeNames(uint32_t name_count) : own_(name_count + 1), meanings_(own_) {}
  // Changes [meanings], and with restore() changes them back.
  explicit TypeNames(std::span<Meaning> meanings) : meanings_(meanings) {}
  TypeNames(const TypeNames &) = delete;

  std::span<const Meaning> all() const { return meanings_; }
  std::span<Meaning> all() { return meanings_; }
  bool is_type(uint32_t name) const { return meanings_[name] == Meaning::Type; }
  void set(uint32_t name, bool is_type) {
    const Meaning meaning = is_type ? Meaning::Type : Meaning::Other;
    if (meanings_[name] == meaning) return;
    changes_.push_back({name, meanings_[name]});
    meanings_[name] = meaning;
  }
  // Nobody has declared it, and no imported module was asked for it.
  bool is_unknown(uint32_t name) const { return meanings_[name] == Meaning::Unknown; }
  // What the modules and the headers that were not read say holds everywhere, so no scope takes it back.
  void import(uint32_t name, Meaning meaning) { meanings_[name] = meaning; }
  size_t depth() const { return changes_.size(); }
  // Undoes what was declared since depth() was [depth].
  void restore(size_t depth) {
    for (; changes_.size() > depth; changes_.pop_back()) meanings_[changes_.back().name] = changes_.back().was;
  }

 private:
  struct Change {
    uint32_t name;
    Meaning was;
  };
  std::vector<Meaning> own_;
  std::span<Meaning> meanings_;
  std::vector<Change> changes_;
};

class TokenCursor final : public antlr4::TokenStream {
 public:
  // [btf]: what `#pragma spile import` imports; null when no token asks for it.
  explicit TokenCursor(const pp::Tokens &tokens, const btf::Image *btf = nullptr)
      : tokens_(tokens.list.data()),
        count_(tokens.list.size()),
        headers_(tokens.headers),
        btf_(btf),
        postponed_(tokens.postponed.get()),
        asks_(postponed_ != nullptr),
        types(tokens.name_count) {
    settle();
  }
  // What was left unread, when all declarations have been read: [types] as they are then, [btf] what was imported.
  TokenCursor(std::span<const Token> tokens, size_t at, std::span<TypeNames::Meaning> types,
              const pp::Postponed *postponed, const btf::Image *btf)
      : tokens_(tokens.data()),
        count_(tokens.size()),
        btf_(btf),
        postponed_(postponed),
        at_(at),
        previous_(at),
        asks_(postponed != nullptr || btf != nullptr),
        has_import_(btf != nullptr),
        types(types) {
    settle();
  }

  // ---- what the parser calls for every token
  void consume() override {
    if (is_made_up_) {
      is_made_up_ = false;
      next_kind_ = real_kind_;
      return;
    }
    if (next_kind_ == kEnd) return;
    previous_ = at_++;
    settle();
  }
  size_t LA(ssize_t i) override { return i == 1 ? next_kind_ : kind_at(i); }

  const Token &next() const { return tokens_[at_]; }
  TokenKind next_kind() const { return next_kind_ == kEnd ? TokenKind::EndOfFile : static_cast<TokenKind>(next_kind_); }
  const Token &previous() const { return tokens_[previous_]; }
  // The token after the next one, as the preprocessor gave it.
  const Token &after_next() const { return tokens_[at_ + 1 < count_ ? at_ + 1 : count_ - 1]; }
  const Token &operator[](size_t i) const { return tokens_[i]; }
  size_t position() const { return at_; }
  size_t previous_position() const { return previous_; }

  // ---- what the actions of the grammar ask for
  // While on, a name is an Identifier whatever it was declared as: where C expects the name of what is declared.
  bool names_only() const { return names_only_; }
  void set_names_only(bool on) {
    if (names_only_ == on) return;
    names_only_ = on;
    reclassify();
  }
  // The next token again, after declarations or scopes have changed.
  void reclassify() {
    size_t &kind = is_made_up_ ? real_kind_ : next_kind_;
    if (kind == kIdentifier || kind == kTypeName || is_typedef_of_the_language(static_cast<TokenKind>(kind)))
      kind = next().is(TokenKind::Identifier) ? name_kind() : typedef_kind();
  }
  // [kind] comes before the next token.
  void make_up(TokenKind kind) {
    if (is_made_up_) return;
    real_kind_ = next_kind_;
    next_kind_ = static_cast<size_t>(kind);
    is_made_up_ = true;
  }
  void forget_made_up() {
    if (is_made_up_) consume();
  }
  // The next token is a colon: of an enumeration's type when a type follows, else of a bit-field's width.
  void mark_enum_colon();

  // Whether the next token came from a header. Asked in the order of the tokens.
  bool in_header() {
    while (!headers_.empty() && headers_.front().end <= at_) headers_ = headers_.subspan(1);
    return !headers_.empty() && headers_.front().begin <= at_;
  }
  // Goes on at the token at [at], further on.
  void jump(size_t at) {
    at_ = at;
    previous_ = at - 1;
    settle();
  }

  uint32_t pack() const { return pack_; }
  bool preserves_access_index() const { return preserves_access_index_; }
  void set_pragmas(uint32_t pack, bool preserves_access_index) {
    pack_ = pack;
    preserves_access_index_ = preserves_access_index;
  }
  // Places of the imports that were passed.
  const std::vector<size_t> &imports() const { return imports_; }
  // Whether a name is a type here; it need not be the next token.
  bool is_type(const Token &name) {
    if (asks_ && types.is_unknown(name.name)) [[unlikely]]
      ask_headers(name);
    return types.is_type(name.name);
  }
  const btf::Image *btf() const { return has_import_ ? btf_ : nullptr; }
  bool in_record = false;  // in the body of a struct or union, where `T : 3` is a bit-field and not a label

  // ---- the rest of ANTLR's interface, for its error classes
  antlr4::Token *LT(ssize_t) override { return &placeholder_; }
  antlr4::Token *get(size_t) const override { return &placeholder_; }
  ssize_t mark() override { return 0; }
  void release(ssize_t) override {}
  size_t index() override { return at_; }
  void seek(size_t) override {}
  size_t size() override { return count_; }
  std::string getSourceName() const override { return {}; }
  antlr4::TokenSource *getTokenSource() const override { return nullptr; }
  std::string getText(const antlr4::misc::Interval &) override { return {}; }
  std::string getText() override { return {}; }
  std::string getText(antlr4::RuleContext *) override { return {}; }
  std::string getText(antlr4::Token *, antlr4::Token *) override { return {}; }

 private:
  static constexpr size_t kEnd = antlr4::Token::EOF;
  static constexpr auto kIdentifier = static_cast<size_t>(TokenKind::Identifier);
  static constexpr auto kTypeName = static_cast<size_t>(TokenKind::TypeName);

  void settle() {
    next_kind_ = static_cast<size_t>(tokens_[at_].kind);
    if (next_kind_ <= static_cast<size_t>(TokenKind::PragmaPack)) settle_special();
  }
  void settle_special();
  void ask_headers(const Token &name);
  // Names that clang's C has declared before the first line, and that headers may declare again as the same.
  static bool is_typedef_of_the_language(TokenKind kind) {
    return kind == TokenKind::Int128T || kind == TokenKind::Uint128T;
  }
  size_t typedef_kind() const { return names_only_ ? kIdentifier : static_cast<size_t>(tokens_[at_].kind); }
  size_t name_kind();
  size_t kind_at(ssize_t i) const;

  const Token *tokens_;
  size_t count_;
  std::span<const pp::HeaderTokens> headers_;  // those that have not been passed
  const btf::Image *btf_;
  const pp::Postponed *postponed_;
  std::vector<size_t> imports_;
  size_t at_ = 0, previous_ = 0;
  size_t next_kind_ = 0;
  size_t real_kind_ = 0;  // of the next token, while a made-up one stands before it
  uint32_t pack_ = 0;
  bool preserves_access_index_ = false;
  bool names_only_ = false;
  bool is_made_up_ = false;
  bool asks_;                // unknown names are looked up in headers that were not read, or in modules
  bool has_import_ = false;  // a module has been imported
  mutable antlr4::CommonToken placeholder_{antlr4::Token::INVALID_TYPE};

 public:
  TypeNames types;
};

}  // namespace spile::parse
