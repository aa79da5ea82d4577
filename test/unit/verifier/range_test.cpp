// The intervals of verifier/domain/range.h are a template: at four bits all of them can be tried, with all numbers.
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#pragma clang diagnostic ignored "-Wbit-int-extension"
using Signed4 = signed _BitInt(4);
using Unsigned4 = unsigned _BitInt(4);

template <>
struct std::numeric_limits<Signed4> {
  static constexpr int digits = 3;
  static constexpr Signed4 min() { return static_cast<Signed4>(-8); }
  static constexpr Signed4 max() { return 7; }
};
template <>
struct std::numeric_limits<Unsigned4> {
  static constexpr int digits = 4;
  static constexpr Unsigned4 min() { return 0; }
  static constexpr Unsigned4 max() { return 15; }
};

#include "verifier/domain/range.h"

namespace spile::verifier {
namespace {

using Range4 = Range<Signed4, Unsigned4>;
constexpr unsigned kValues = 16;

std::vector<Unsigned4> members(const Range4 &r) {
  std::vector<Unsigned4> in;
  for (unsigned v = 0; v < kValues; v++)
    if (r.contains(static_cast<Unsigned4>(v))) in.push_back(static_cast<Unsigned4>(v));
  return in;
}

// Every unsigned interval, and every signed one, by itself and with half of the other.
std::vector<Range4> all_ranges() {
  std::vector<Range4> all;
  for (unsigned low = 0; low < kValues; low++)
    for (unsigned high = low; high < kValues; high++) {
      Range4 plain, signs, with_signs;
      plain.umin = with_signs.umin = static_cast<Unsigned4>(low);
      plain.umax = with_signs.umax = static_cast<Unsigned4>(high);
      signs.smin = static_cast<Signed4>(static_cast<int>(low) - 8);
      signs.smax = static_cast<Signed4>(static_cast<int>(high) - 8);
      with_signs.signed_from_unsigned();
      all.insert(all.end(), {plain, signs, with_signs});
    }
  return all;
}

// [abstract] changes its first operand; [concrete] gives what the machine computes.
template <class Abstract, class Concrete>
void is_sound(const char *name, Abstract abstract, Concrete concrete) {
  const std::vector<Range4> all = all_ranges();
  std::vector<std::vector<Unsigned4>> values;
  for (const Range4 &r : all) values.push_back(members(r));
  for (size_t a = 0; a < all.size(); a++)
    for (size_t b = 0; b < all.size(); b++) {
      Range4 result = all[a];
      abstract(result, all[b]);
      for (const Unsigned4 x : values[a])
        for (const Unsigned4 y : values[b])
          ASSERT_TRUE(result.contains(static_cast<Unsigned4>(concrete(x, y))))
              << name << " of ranges " << a << " and " << b << ": " << static_cast<unsigned>(x) << ", "
              << static_cast<unsigned>(y);
    }
}

Tnum bits_of(const Range4 &r) { return Tnum::range(static_cast<uint64_t>(r.umin), static_cast<uint64_t>(r.umax)); }

TEST(Range, ArithmeticIsSoundForAllIntervalsOfFourBits) {
  is_sound("+", [](Range4 &a, const Range4 &b) { a.add(b); }, [](Unsigned4 x, Unsigned4 y) { return x + y; });
  is_sound("-", [](Range4 &a, const Range4 &b) { a.sub(b); }, [](Unsigned4 x, Unsigned4 y) { return x - y; });
  is_sound("*", [](Range4 &a, const Range4 &b) { a.mul(b); }, [](Unsigned4 x, Unsigned4 y) { return x * y; });
}

TEST(Range, BitwiseOperationsAreSoundForAllIntervalsOfFourBits) {
  is_sound(
      "&", [](Range4 &a, const Range4 &b) { a.bit_and(b, bit_and(bits_of(a), bits_of(b))); },
      [](Unsigned4 x, Unsigned4 y) { return x & y; });
  is_sound(
      "|", [](Range4 &a, const Range4 &b) { a.bit_or(b, bit_or(bits_of(a), bits_of(b))); },
      [](Unsigned4 x, Unsigned4 y) { return x | y; });
  is_sound(
      "^", [](Range4 &a, const Range4 &b) { a.bit_xor(bit_xor(bits_of(a), bits_of(b))); },
      [](Unsigned4 x, Unsigned4 y) { return x ^ y; });
}

TEST(Range, BitsNarrowWithoutLossForAllIntervalsOfFourBits) {
  for (const Range4 &r : all_ranges())
    for (uint64_t mask = 0; mask < kValues; mask++)
      for (uint64_t value = 0; value < kValues; value++) {
        if ((value & mask) != 0) continue;
        const Tnum bits{value, mask};
        Range4 narrowed = r;
        narrowed.narrow(bits);
        for (const Unsigned4 x : members(r))
          if (bits.contains(static_cast<uint64_t>(x)))
            ASSERT_TRUE(narrowed.contains(x)) << static_cast<unsigned>(x) << " in " << value << "/" << mask;
      }
}

}  // namespace
}  // namespace spile::verifier
