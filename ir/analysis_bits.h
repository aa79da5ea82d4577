// What is known of an integer without running the program: its unsigned range, and bits that are always 0 or 1.
//
// In: one instruction and what is known of its operands. Out: what is known of its result, in the width of its type.
// Only what the kernel's verifier finds out as well, from masks, zero extensions, constant shifts, sums that cannot
// overflow: a check or a mask that is dropped for it must not have been the kernel's only way to know. Quotients,
// remainders and shifts by a variable tell it nothing. Called by passes that go from definitions to uses.
#pragma once

#include <functional>

#include "ir/ir.h"

namespace spile::ir {

struct KnownBits {
  uint64_t min = 0, max = ~0ull;
  uint64_t zeros = 0, ones = 0;  // bits that are certainly so

  bool is_constant() const { return min == max; }
  // Whether every bit that may be set is in [mask].
  bool within(uint64_t mask) const { return (~zeros & ~mask) == 0; }
  friend bool operator==(const KnownBits &, const KnownBits &) = default;
};

// All bits of a [type] set.
constexpr uint64_t all_bits(Type type) { return bits_of(type) == 64 ? ~0ull : (1ull << bits_of(type)) - 1; }

KnownBits anything(Type type);
KnownBits exactly(Type type, int64_t value);
// What holds when one of the two does.
KnownBits either(const KnownBits &a, const KnownBits &b);

using BitsOf = std::function<KnownBits(ValueId)>;
// [of] answers for the operands of [v].
KnownBits known_bits(const Function &function, ValueId v, const BitsOf &of);

}  // namespace spile::ir
