#include "frontend/pp/postponed.h"

#include <cstring>

#include "frontend/pp/characters.h"
#include "frontend/pp/lexer.h"

namespace spile::pp {

size_t Postponed::slot_of(std::string_view name, uint32_t hash) const {
  const size_t mask = slots_.size() - 1;
  size_t i = hash & mask;
  while (slots_[i].entry != 0 && (slots_[i].hash != hash || entries_[slots_[i].entry - 1].name != name))
    i = (i + 1) & mask;
  return i;
}

void Postponed::add_name(std::string_view name, uint32_t hash, Kind kind) {
  if ((used_ + 1) * 2 > slots_.size()) grow();
  Slot &slot = slots_[slot_of(name, hash)];
  if (slot.entry == 0) used_++;
  entries_.push_back({name, static_cast<uint32_t>(declarations_.size() - 1), slot.entry, kind});
  slot = {hash, static_cast<uint32_t>(entries_.size())};
}

void Postponed::grow() {
  std::vector<Slot> old(slots_.size() * 4);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot &slot : old) {
    if (slot.entry == 0) continue;
    size_t i = slot.hash & mask;
    while (slots_[i].entry != 0) i = (i + 1) & mask;
    slots_[i] = slot;
  }
}

const Postponed::Entry *Postponed::find(std::string_view name) const {
  const Slot &slot = slots_[slot_of(name, Names::hash(name))];
  return slot.entry == 0 ? nullptr : &entries_[slot.entry - 1];
}

bool Postponed::has(std::string_view name, Kind kind) const {
  for (const Entry *entry = find(name); entry != nullptr; entry = before(*entry))
    if (entry->kind == kind) return true;
  return false;
}

bool Postponed::mentions_tag(std::string_view tag) const {
  for (const Declaration &declaration : declarations_) {
    const std::string_view text = declaration.text;
    // From 1: what begins a declaration is its first word, and no tag.
    for (size_t at = text.find(tag, 1); at != std::string_view::npos; at = text.find(tag, at + 1)) {
      const size_t end = at + tag.size();
      if (is_word(text[at - 1]) || (end < text.size() && is_word(text[end]))) continue;
      const std::string_view ahead = text.substr(0, text.find_last_not_of(" \t\n", at - 1) + 1);
      if (ahead.ends_with("struct") || ahead.ends_with("union") || ahead.ends_with("enum")) return true;
    }
  }
  return false;
}

std::vector<Token> Postponed::tokens(const Declaration &declaration, Arena &arena, Diagnostics &diagnostics) {
  if (declaration.has_macros) return expander_->expand(declaration);
  const char *begin = declaration.text.data(), *end = begin + declaration.text.size();
  Lexer lexer({begin, static_cast<size_t>(declaration.file_end - begin)}, declaration.loc, names, arena, &diagnostics);
  std::vector<Token> list;
  list.reserve(declaration.text.size() / 4 + 2);
  while (lexer.at() < end) lexer.lex(list.emplace_back());
  Token &last = list.emplace_back();
  last.text = end;
  last.loc = declaration.loc + static_cast<uint32_t>(declaration.text.size());
  return list;
}

}  // namespace spile::pp
