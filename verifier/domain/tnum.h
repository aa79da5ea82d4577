// Tnum: a number of which some bits are known. The verifier's bit-wise half of what a register may hold.
//
// [value] has the known bits, [mask] says which are unknown; value & mask == 0. A tnum stands for the set of all x with
// (x & ~mask) == value. The same operations as kernel/bpf/tnum.c, so that verdicts agree; "Sound, Precise, and Fast
// Abstract Interpretation with Tristate Numbers" (arXiv:2105.05398) proves add, sub and mul.
#pragma once

#include <bit>
#include <cstdint>
#include <string>

namespace spile::verifier {

struct Tnum {
  uint64_t value = 0;
  uint64_t mask = 0;

  static constexpr Tnum constant(uint64_t v) { return {v, 0}; }
  static constexpr Tnum unknown() { return {0, ~0ull}; }
  // The smallest tnum that holds every number of [low, high].
  static constexpr Tnum range(uint64_t low, uint64_t high) {
    const int bits = 64 - std::countl_zero(low ^ high);
    if (bits > 63) return unknown();
    const uint64_t delta = (1ull << bits) - 1;
    return {low & ~delta, delta};
  }

  constexpr bool is_const() const { return mask == 0; }
  constexpr bool is_unknown() const { return mask == ~0ull; }
  constexpr bool subreg_is_const() const { return static_cast<uint32_t>(mask) == 0; }
  constexpr bool contains(uint64_t x) const { return ((x ^ value) & ~mask) == 0; }
  // Every number of [inner] is one of ours.
  constexpr bool includes(Tnum inner) const { return (inner.mask & ~mask) == 0 && value == (inner.value & ~mask); }
  constexpr uint64_t largest() const { return value | mask; }
  // The smallest number of this set that is larger than [x]; the largest of all where there is none (tnum_step).
  constexpr uint64_t next_after(uint64_t x) const {
    if (x >= largest()) return largest();
    if (x < value) return value;
    // Members are the value and some bits of the mask: the bits of the distance are counted up within the mask, with
    // ones everywhere else to carry over, and below the highest bit that no member has.
    const uint64_t distance = x - value, stray = distance & ~mask;
    const uint64_t below = stray == 0 ? 0 : ~0ull >> std::countl_zero(stray);
    return value | (((distance | below | ~mask) + 1) & mask);
  }
  constexpr bool overlaps(Tnum b) const {
    const uint64_t known = ~mask & ~b.mask;
    return (value & known) == (b.value & known);
  }
  constexpr bool is_aligned(uint64_t size) const { return size == 0 || ((value | mask) & (size - 1)) == 0; }

  constexpr Tnum lsh(unsigned n) const { return {value << n, mask << n}; }
  constexpr Tnum rsh(unsigned n) const { return {value >> n, mask >> n}; }
  constexpr Tnum arsh64(unsigned n) const {
    return {static_cast<uint64_t>(static_cast<int64_t>(value) >> n),
            static_cast<uint64_t>(static_cast<int64_t>(mask) >> n)};
  }
  constexpr Tnum arsh32(unsigned n) const {
    return {static_cast<uint32_t>(static_cast<int32_t>(value) >> n),
            static_cast<uint32_t>(static_cast<int32_t>(mask) >> n)};
  }

  // The low [bytes] of the number, zero-extended.
  constexpr Tnum cast(unsigned bytes) const {
    if (bytes >= 8) return *this;
    const uint64_t keep = (1ull << (bytes * 8)) - 1;
    return {value & keep, mask & keep};
  }
  constexpr Tnum subreg() const { return cast(4); }
  constexpr Tnum without_subreg() const { return rsh(32).lsh(32); }
  constexpr Tnum with_subreg(Tnum low) const {
    const Tnum high = without_subreg(), l = low.subreg();
    return {high.value | l.value, high.mask | l.mask};
  }

  friend constexpr bool operator==(const Tnum &, const Tnum &) = default;
};

constexpr Tnum add(Tnum a, Tnum b) {
  const uint64_t masks = a.mask + b.mask, values = a.value + b.value;
  const uint64_t unknown = ((masks + values) ^ values) | a.mask | b.mask;
  return {values & ~unknown, unknown};
}
constexpr Tnum sub(Tnum a, Tnum b) {
  const uint64_t difference = a.value - b.value;
  const uint64_t unknown = ((difference + a.mask) ^ (difference - b.mask)) | a.mask | b.mask;
  return {difference & ~unknown, unknown};
}
constexpr Tnum bit_and(Tnum a, Tnum b) {
  const uint64_t ones = a.value & b.value;
  return {ones, (a.value | a.mask) & (b.value | b.mask) & ~ones};
}
constexpr Tnum bit_or(Tnum a, Tnum b) {
  const uint64_t ones = a.value | b.value;
  return {ones, (a.mask | b.mask) & ~ones};
}
constexpr Tnum bit_xor(Tnum a, Tnum b) {
  const uint64_t unknown = a.mask | b.mask;
  return {(a.value ^ b.value) & ~unknown, unknown};
}
// Numbers that are in both. Where a and b contradict each other the bit becomes 1: the caller notices by the ranges.
constexpr Tnum intersect(Tnum a, Tnum b) {
  const uint64_t unknown = a.mask & b.mask;
  return {(a.value | b.value) & ~unknown, unknown};
}
// Numbers that are in either.
constexpr Tnum either(Tnum a, Tnum b) {
  const uint64_t unknown = (a.value ^ b.value) | a.mask | b.mask;
  return {a.value & b.value & ~unknown, unknown};
}
Tnum mul(Tnum a, Tnum b);

// "(0x0; 0xff)", or the number when it is constant: the kernel's notation.
std::string to_string(Tnum t);

}  // namespace spile::verifier
