// HashKey<Size>: hashing, comparing and copying of a map's keys. Size 0: known only at run time.
//
// The common sizes 4, 8 and 16 are compiled as integers, which is most of the speed of a lookup. The hash is a
// multiply-fold as in wyhash (public domain): two multiplications for an 8-byte key. The seed is fixed, so that the
// order of an iteration, and with it a program's output, is the same in every run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace spile::maps {

inline constexpr uint64_t kHashSeed0 = 0xa0761d6478bd642full, kHashSeed1 = 0xe7037ed1a0b428dbull;

inline uint64_t fold_multiply(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

template <class T>
T load(const std::byte *from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// The last 1 to 8 bytes as an integer; bytes may be read twice, none beyond.
inline uint64_t load_tail(const std::byte *from, size_t size) {
  if (size >= 4) return uint64_t{load<uint32_t>(from)} << 32 | load<uint32_t>(from + size - 4);
  return uint64_t{load<uint8_t>(from)} << 16 | uint64_t{load<uint8_t>(from + size / 2)} << 8 |
         load<uint8_t>(from + size - 1);
}

inline uint32_t hash_bytes(const std::byte *key, size_t size) {
  uint64_t state = kHashSeed0 ^ size;
  for (; size > 16; key += 16, size -= 16)
    state = fold_multiply(load<uint64_t>(key) ^ kHashSeed1, load<uint64_t>(key + 8) ^ state);
  const size_t first = size > 8 ? 8 : size;
  const uint64_t a = first == 8 ? load<uint64_t>(key) : load_tail(key, first);
  const uint64_t b = size > 8 ? load_tail(key + 8, size - 8) : 0;
  return static_cast<uint32_t>(fold_multiply(fold_multiply(a ^ kHashSeed1, b ^ state), kHashSeed0));
}

template <size_t Size>
struct HashKey {
  explicit HashKey(size_t) {}
  size_t size() const { return Size; }
  uint32_t hash(const std::byte *key) const {
    if constexpr (Size == 4) return static_cast<uint32_t>(fold_multiply(load<uint32_t>(key) ^ kHashSeed0, kHashSeed1));
    if constexpr (Size == 8) return static_cast<uint32_t>(fold_multiply(load<uint64_t>(key) ^ kHashSeed0, kHashSeed1));
    return hash_bytes(key, Size);
  }
  // As numbers: what is made of a memcmp() goes by way of its result where code is selected quickly.
  bool equal(const std::byte *a, const std::byte *b) const {
    if constexpr (Size == 4) return load<uint32_t>(a) == load<uint32_t>(b);
    bool same = true;
    for (size_t i = 0; i + 8 <= Size; i += 8) same &= load<uint64_t>(a + i) == load<uint64_t>(b + i);
    return same;
  }
};

template <>
struct HashKey<0> {
  explicit HashKey(size_t size) : size_(size) {}
  size_t size() const { return size_; }
  uint32_t hash(const std::byte *key) const { return hash_bytes(key, size_); }
  bool equal(const std::byte *a, const std::byte *b) const { return std::memcmp(a, b, size_) == 0; }

 private:
  size_t size_;
};

// Calls [use] with the constant for which HashKey is compiled: 4, 8, 16, or 0 for all other sizes.
template <class Use>
auto with_key_size(size_t size, const Use &use) {
  switch (size) {
    case 4:
      return use(std::integral_constant<size_t, 4>{});
    case 8:
      return use(std::integral_constant<size_t, 8>{});
    case 16:
      return use(std::integral_constant<size_t, 16>{});
    default:
      return use(std::integral_constant<size_t, 0>{});
  }
}

}  // namespace spile::maps
