// Range: what is known of a number as an interval, once read as signed and once as unsigned, at 64 or 32 bits.
//
// The kernel writes each of these functions twice (scalar_min_max_add, scalar32_min_max_add, ...); here the width is
// the template's parameter. A range whose min is above its max is empty: a contradiction, made by refining a branch
// that cannot be taken.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "verifier/domain/tnum.h"

namespace spile::verifier {

template <class S, class U>
struct Range {
  S smin = std::numeric_limits<S>::min();
  S smax = std::numeric_limits<S>::max();
  U umin = 0;
  U umax = std::numeric_limits<U>::max();

  static constexpr S kSMin = std::numeric_limits<S>::min();
  static constexpr S kSMax = std::numeric_limits<S>::max();
  static constexpr U kUMax = std::numeric_limits<U>::max();

  static constexpr Range constant(U v) { return {static_cast<S>(v), static_cast<S>(v), v, v}; }

  constexpr void unbound_signed() { smin = kSMin, smax = kSMax; }
  constexpr void unbound_unsigned() { umin = 0, umax = kUMax; }
  constexpr bool is_empty() const { return umin > umax || smin > smax; }
  constexpr bool is_const() const { return umin == umax && smin == smax; }
  constexpr bool contains(U v) const {
    return v >= umin && v <= umax && static_cast<S>(v) >= smin && static_cast<S>(v) <= smax;
  }
  constexpr bool includes(const Range &inner) const {
    return umin <= inner.umin && umax >= inner.umax && smin <= inner.smin && smax >= inner.smax;
  }
  // After an unsigned result: the signed range is the same where the interval does not cross the sign bit.
  constexpr void signed_from_unsigned() {
    if (static_cast<S>(umin) <= static_cast<S>(umax)) {
      smin = static_cast<S>(umin);
      smax = static_cast<S>(umax);
    } else {
      unbound_signed();
    }
  }
  // What the bits say about the interval.
  constexpr void narrow(Tnum bits) {
    const U value = static_cast<U>(bits.value), mask = static_cast<U>(bits.mask);
    smin = std::max(smin, static_cast<S>(value | (mask & static_cast<U>(kSMin))));
    smax = std::min(smax, static_cast<S>(value | (mask & static_cast<U>(kSMax))));
    umin = std::max(umin, value);
    umax = std::min(umax, static_cast<U>(value | mask));
  }
  constexpr void add(const Range &b) {
    const bool smin_wraps = __builtin_add_overflow(smin, b.smin, &smin);
    const bool smax_wraps = __builtin_add_overflow(smax, b.smax, &smax);
    if (smin_wraps || smax_wraps) unbound_signed();
    // Where both ends wrap, all between them does, once.
    const bool umin_wraps = __builtin_add_overflow(umin, b.umin, &umin);
    const bool umax_wraps = __builtin_add_overflow(umax, b.umax, &umax);
    if (umin_wraps != umax_wraps) unbound_unsigned();
  }
  constexpr void sub(const Range &b) {
    const bool smin_wraps = __builtin_sub_overflow(smin, b.smax, &smin);
    const bool smax_wraps = __builtin_sub_overflow(smax, b.smin, &smax);
    if (smin_wraps || smax_wraps) unbound_signed();
    const bool umin_wraps = __builtin_sub_overflow(umin, b.umax, &umin);
    const bool umax_wraps = __builtin_sub_overflow(umax, b.umin, &umax);
    if (umin_wraps != umax_wraps) unbound_unsigned();
  }
  constexpr void mul(const Range &b) {
    const bool umin_wraps = __builtin_mul_overflow(umin, b.umin, &umin);
    const bool umax_wraps = __builtin_mul_overflow(umax, b.umax, &umax);
    if (umin_wraps || umax_wraps) unbound_unsigned();
    // With signs, the least and the greatest product are each one of two ends.
    std::array<S, 4> ends{};
    const bool wraps = __builtin_mul_overflow(smin, b.smin, &ends[0]) ||
                       __builtin_mul_overflow(smin, b.smax, &ends[1]) ||
                       __builtin_mul_overflow(smax, b.smin, &ends[2]) || __builtin_mul_overflow(smax, b.smax, &ends[3]);
    if (wraps) {
      unbound_signed();
    } else {
      smin = std::ranges::min(ends);
      smax = std::ranges::max(ends);
    }
  }
  // [bits]: the tnum of the result, for the bitwise operations.
  constexpr void bit_and(const Range &b, Tnum bits) {
    umin = static_cast<U>(bits.value);
    umax = std::min(umax, b.umax);
    signed_from_unsigned();
  }
  constexpr void bit_or(const Range &b, Tnum bits) {
    umin = std::max(umin, b.umin);
    umax = static_cast<U>(bits.value | bits.mask);
    signed_from_unsigned();
  }
  constexpr void bit_xor(Tnum bits) {
    umin = static_cast<U>(bits.value);
    umax = static_cast<U>(bits.value | bits.mask);
    signed_from_unsigned();
  }
  friend constexpr bool operator==(const Range &, const Range &) = default;
};

using Range64 = Range<int64_t, uint64_t>;
using Range32 = Range<int32_t, uint32_t>;

}  // namespace spile::verifier
