#include "frontend/pp/names.h"

#include "frontend/pp/macro.h"
#include "frontend/pp/predefined.h"

namespace spile::pp {

static Macro lazy_macro{};
Macro *const Names::kLazy = &lazy_macro;

namespace {
struct Keyword {
  std::string_view spelling;
  TokenKind kind;
};
constexpr Keyword kKeywords[] = {
#define SPILE_TOKEN(Name, description)
#define SPILE_PUNCTUATOR(Name, spelling)
#define SPILE_KEYWORD(Name, spelling) {spelling, TokenKind::Name},
#define SPILE_KEYWORD_ALIAS(Name, spelling) {spelling, TokenKind::Name},
#include "lang-spec/grammar/tokens.def"
};
}  // namespace

std::string_view describe(TokenKind kind) {
  static constexpr std::string_view kDescriptions[] = {
      "the end of the file",
#define SPILE_TOKEN(Name, description) description,
#define SPILE_PUNCTUATOR(Name, spelling) "`" spelling "`",
#define SPILE_KEYWORD(Name, spelling) "`" spelling "`",
#define SPILE_KEYWORD_ALIAS(Name, spelling)
#include "lang-spec/grammar/tokens.def"
  };
  return kDescriptions[static_cast<size_t>(kind)];
}

Names::Names(Arena &arena) : arena_(arena), slots_(2048), by_number_{nullptr} {
  by_number_.reserve(1024);
  for (const Keyword &keyword : kKeywords) intern(keyword.spelling).kind = keyword.kind;
}

uint32_t Names::hash(std::string_view text) {
  uint32_t h = kHashSeed;
  for (const char c : text) h = hash_step(h, static_cast<unsigned char>(c));
  return h;
}

Name &Names::intern(std::string_view text, uint32_t hash) {
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot &slot = slots_[i];
    if (slot.number == 0) return add(text, hash, i);
    if (slot.hash == hash && by_number_[slot.number]->text == text) return *by_number_[slot.number];
  }
}

Name *Names::find(std::string_view text) const {
  const uint32_t h = hash(text);
  const size_t mask = slots_.size() - 1;
  for (size_t i = h & mask; slots_[i].number != 0; i = (i + 1) & mask)
    if (slots_[i].hash == h && by_number_[slots_[i].number]->text == text) return by_number_[slots_[i].number];
  return nullptr;
}

Name &Names::add(std::string_view text, uint32_t hash, size_t slot) {
  const auto number = static_cast<uint32_t>(by_number_.size());
  Name *name = arena_.make<Name>(text, number);
  if (is_predefined(text)) name->macro = kLazy;
  by_number_.push_back(name);
  slots_[slot] = {hash, number};
  if (by_number_.size() * 2 > slots_.size()) grow();
  return *name;
}

void Names::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot &slot : old) {
    if (slot.number == 0) continue;
    size_t i = slot.hash & mask;
    while (slots_[i].number != 0) i = (i + 1) & mask;
    slots_[i] = slot;
  }
}

}  // namespace spile::pp
