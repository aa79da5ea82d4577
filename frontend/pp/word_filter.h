// WordFilter: a set of words that may say yes to one which it has not. What most words are not is so told by one look.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spile::pp {

class WordFilter {
 public:
  constexpr void add(std::string_view word) { bits_[place(word) / 64] |= uint64_t{1} << place(word) % 64; }
  constexpr void add(const WordFilter &words) {
    for (size_t i = 0; i < bits_.size(); i++) bits_[i] |= words.bits_[i];
  }
  // [word] is not empty.
  constexpr bool contains(std::string_view word) const {
    return (bits_[place(word) / 64] >> place(word) % 64 & 1) != 0;
  }

 private:
  static constexpr size_t kBits = size_t{1} << 14;
  static constexpr size_t place(std::string_view word) {
    const auto byte = [](char c) { return static_cast<size_t>(static_cast<unsigned char>(c)); };
    const size_t middle = byte(word[word.size() / 2]);
    return (byte(word.front()) + byte(word.back()) * 37 + middle * 1033 + word.size() * 521) % kBits;
  }
  std::array<uint64_t, kBits / 64> bits_{};
};

}  // namespace spile::pp
