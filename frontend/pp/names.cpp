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

Names::Names(Arena &arena) : arena_(arena), slots_(2048) {
  for (const Keyword &keyword : kKeywords) intern(keyword.spelling).kind = keyword.kind;
}

Name &Names::intern(std::string_view text, uint32_t hash) {
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot &slot = slots_[i];
    if (slot.number == 0) return add(text, hash, i);
    if (slot.hash != hash) continue;
    if (Name &name = (*this)[slot.number]; name.text == text) return name;
  }
}

Name *Names::find(std::string_view text, uint32_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask; slots_[i].number != 0; i = (i + 1) & mask)
    if (slots_[i].hash == hash && (*this)[slots_[i].number].text == text)
      return &chunks_[slots_[i].number / kChunk][slots_[i].number % kChunk];
  return nullptr;
}

Name &Names::add(std::string_view text, uint32_t hash, size_t slot) {
  const uint32_t number = ++count_;
  if (number / kChunk >= chunks_.size())
    chunks_.push_back(static_cast<Name *>(arena_.allocate(kChunk * sizeof(Name), alignof(Name))));
  Name &name = *new (&(*this)[number]) Name{.text = text, .number = number};
  if (is_predefined(text)) name.macro = kLazy;
  slots_[slot] = {hash, number};
  if (size_t{count_} * 2 > slots_.size()) grow();
  return name;
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
