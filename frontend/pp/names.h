// Names: every identifier and keyword of a translation unit once, with its number, its keyword and its macro.
//
// The lexer interns each word as it reads it (the hash is computed on the way), so that everything after compares
// numbers. A predefined macro (predefined.h) costs nothing until its name is met: then its macro is `kLazy`.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "frontend/pp/token.h"
#include "support/arena.h"

namespace spile::pp {

struct Macro;

struct Name {
  std::string_view text;
  uint32_t number = 0;
  TokenKind kind = TokenKind::Identifier;  // or the keyword's
  Macro *macro = nullptr;
};

class Names {
 public:
  explicit Names(Arena &arena);

  static constexpr uint32_t kHashSeed = 2166136261u;
  static constexpr uint32_t hash_step(uint32_t hash, unsigned char c) { return (hash ^ c) * 16777619u; }
  static uint32_t hash(std::string_view text);

  // [text] must live as long as the names: in a source file or in the arena.
  Name &intern(std::string_view text, uint32_t hash);
  Name &intern(std::string_view text) { return intern(text, hash(text)); }
  // Null when the text was never interned.
  Name *find(std::string_view text) const;
  Name &operator[](uint32_t number) { return *by_number_[number]; }
  const Name &operator[](uint32_t number) const { return *by_number_[number]; }
  uint32_t count() const { return static_cast<uint32_t>(by_number_.size() - 1); }

  // The macro of names in the table of predefined macros, until its first use makes the real one.
  static Macro *const kLazy;

 private:
  struct Slot {
    uint32_t hash = 0, number = 0;
  };
  Name &add(std::string_view text, uint32_t hash, size_t slot);
  void grow();

  Arena &arena_;
  std::vector<Slot> slots_;        // open addressing; the size is a power of two
  std::vector<Name *> by_number_;  // [0] is no name
};

}  // namespace spile::pp
