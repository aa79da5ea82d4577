// Names: every identifier and keyword of a translation unit once, with its number, its keyword and its macro.
//
// The lexer interns each word as it reads it (the hash is computed on the way), so that everything after compares
// numbers. A predefined macro (predefined.h) costs nothing until its name is met: then its macro is `kLazy`.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "frontend/pp/token.h"
#include "support/arena.h"

namespace spile::pp {

struct Macro;

struct Name {
  std::string_view text;
  Macro *macro = nullptr;
  uint32_t number = 0;
  TokenKind kind = TokenKind::Identifier;  // or the keyword's
};

class Names {
 public:
  explicit Names(Arena &arena);

  // Eight bytes at a time: most names have one or two such steps, where a step for each byte would wait for the last.
  static uint32_t hash(std::string_view text) {
    constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15u;
    const auto load = [&](size_t at, size_t bytes) {
      uint64_t word = 0;
      std::memcpy(&word, text.data() + at, bytes);
      return word;
    };
    uint64_t h = text.size() * kMultiplier;
    size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) h = (h ^ load(at, 8)) * kMultiplier, h ^= h >> 32;
    const size_t rest = text.size() - at;
    if (rest >= 4) {
      h = (h ^ (load(at, 4) | load(text.size() - 4, 4) << 32)) * kMultiplier;
    } else if (rest != 0) {
      // The first, the middle and the last of one to three bytes.
      h = (h ^ (load(at, 1) | load(at + rest / 2, 1) << 8 | load(at + rest - 1, 1) << 16)) * kMultiplier;
    }
    return static_cast<uint32_t>(h >> 32);
  }

  // [text] must live as long as the names: in a source file or in the arena.
  Name &intern(std::string_view text, uint32_t hash);
  Name &intern(std::string_view text) { return intern(text, hash(text)); }
  // Null when the text was never interned.
  Name *find(std::string_view text, uint32_t hash) const;
  Name *find(std::string_view text) const { return find(text, hash(text)); }
  Name &operator[](uint32_t number) { return chunks_[number / kChunk][number % kChunk]; }
  const Name &operator[](uint32_t number) const { return chunks_[number / kChunk][number % kChunk]; }
  uint32_t count() const { return count_; }

  // The macro of names in the table of predefined macros, until its first use makes the real one.
  static Macro *const kLazy;

 private:
  struct Slot {
    uint32_t hash = 0, number = 0;
  };
  Name &add(std::string_view text, uint32_t hash, size_t slot);
  void grow();

  static constexpr uint32_t kChunk = 512;

  Arena &arena_;
  std::vector<Slot> slots_;     // open addressing; the size is a power of two
  std::vector<Name *> chunks_;  // of kChunk names each, by number; the first name of all is none
  uint32_t count_ = 0;
};

}  // namespace spile::pp
