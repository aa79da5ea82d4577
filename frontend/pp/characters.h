// Classes of characters, by one look into a table.
#pragma once

#include <array>
#include <cstdint>

namespace spile::pp {

enum CharClass : uint8_t { kBlank = 1, kDigit = 2, kLetter = 4 };

// Letters are what may begin an identifier: also `$` (GNU) and every byte of a UTF-8 sequence.
inline constexpr auto kClasses = [] {
  std::array<uint8_t, 256> classes{};
  for (const char c : {' ', '\t', '\v', '\f', '\r'}) classes[static_cast<unsigned char>(c)] = kBlank;
  for (int c = '0'; c <= '9'; c++) classes[c] = kDigit;
  for (int c = 'a'; c <= 'z'; c++) classes[c] = classes[c - 'a' + 'A'] = kLetter;
  classes['_'] = classes['$'] = kLetter;
  for (int c = 0x80; c < 0x100; c++) classes[c] = kLetter;
  return classes;
}();

inline uint8_t class_of(char c) { return kClasses[static_cast<unsigned char>(c)]; }
inline bool is_letter(char c) { return (class_of(c) & kLetter) != 0; }
inline bool is_word(char c) { return (class_of(c) & (kLetter | kDigit)) != 0; }

}  // namespace spile::pp
