// How the views of a scalar refine each other, and how values are cut and extended.
#include "verifier/domain/scalar.h"

namespace spile::verifier {
namespace {

constexpr uint64_t kHighHalf = 0xffff'ffff'0000'0000;

// A range of the same width: what signed says about unsigned and the other way round. Where the signed interval
// crosses zero it is two unsigned intervals; when one of them is ruled out, the other gives tighter bounds.
template <class S, class U>
void exchange_signs(Range<S, U> &r) {
  if (static_cast<S>(r.umin) <= static_cast<S>(r.umax)) {
    r.smin = std::max(r.smin, static_cast<S>(r.umin));
    r.smax = std::min(r.smax, static_cast<S>(r.umax));
  }
  if (static_cast<U>(r.smin) <= static_cast<U>(r.smax)) {
    r.umin = std::max(r.umin, static_cast<U>(r.smin));
    r.umax = std::min(r.umax, static_cast<U>(r.smax));
  } else if (r.umax < static_cast<U>(r.smin)) {
    r.smin = static_cast<S>(r.umin);
    r.umax = std::min(r.umax, static_cast<U>(r.smax));
  } else if (static_cast<U>(r.smax) < r.umin) {
    r.smax = static_cast<S>(r.umax);
    r.umin = std::max(r.umin, static_cast<U>(r.smin));
  }
}

// The low half of an interval [low, high] of 64-bit numbers is an interval itself where the high halves are equal, or
// where the interval steps over exactly one multiple of 2^32.
void low_half_of(uint64_t low, uint64_t high, Range32 &r) {
  const auto low32 = static_cast<uint32_t>(low), high32 = static_cast<uint32_t>(high);
  const auto slow = static_cast<int32_t>(low32), shigh = static_cast<int32_t>(high32);
  if ((low >> 32) == (high >> 32)) {
    if (low32 <= high32) {
      r.umin = std::max(r.umin, low32);
      r.umax = std::min(r.umax, high32);
    }
    if (slow <= shigh) {
      r.smin = std::max(r.smin, slow);
      r.smax = std::min(r.smax, shigh);
    }
  }
  if (static_cast<uint32_t>(low >> 32) + 1 == static_cast<uint32_t>(high >> 32) && slow < 0 && shigh >= 0) {
    r.smin = std::max(r.smin, slow);
    r.smax = std::min(r.smax, shigh);
  }
}

// An interval of low halves bounds the 64-bit number within the 2^32 block of each 64-bit bound.
void narrow_blocks(Range64 &r, uint32_t low, uint32_t high) {
  r.umin = std::max(r.umin, (r.umin & kHighHalf) | low);
  r.umax = std::min(r.umax, (r.umax & kHighHalf) | high);
  r.smin = std::max(r.smin, static_cast<int64_t>((static_cast<uint64_t>(r.smin) & kHighHalf) | low));
  r.smax = std::min(r.smax, static_cast<int64_t>((static_cast<uint64_t>(r.smax) & kHighHalf) | high));
}

void deduce(Scalar &s) {
  low_half_of(s.r64.umin, s.r64.umax, s.r32);
  low_half_of(static_cast<uint64_t>(s.r64.smin), static_cast<uint64_t>(s.r64.smax), s.r32);
  exchange_signs(s.r32);
  exchange_signs(s.r64);
  narrow_blocks(s.r64, s.r32.umin, s.r32.umax);
  if (static_cast<uint32_t>(s.r32.smin) <= static_cast<uint32_t>(s.r32.smax))
    narrow_blocks(s.r64, static_cast<uint32_t>(s.r32.smin), static_cast<uint32_t>(s.r32.smax));
  // A sign-extended 32-bit number that is not negative.
  if (s.r32.smin >= 0 && s.r64.smin >= INT32_MIN && s.r64.smax <= INT32_MAX) {
    s.r64 = {s.r32.smin, s.r32.smax, static_cast<uint64_t>(s.r32.smin), static_cast<uint64_t>(s.r32.smax)};
    s.bits = intersect(s.bits, Tnum::range(s.r64.umin, s.r64.umax));
  }
}

// What the bits say of the interval; and where the two have one number in common, it is that.
// Kernel: the second since Linux 7.0, and in the stable 6.18.
void narrow_by_bits(Scalar &s) {
  s.r64.narrow(s.bits);
  if (s.bits.is_const() || s.bits.is_unknown()) return;
  const uint64_t low = s.r64.umin, high = s.r64.umax, next = s.bits.next_after(low);
  if (s.bits.contains(low)) {
    if (next > high) s = Scalar::constant(low);
  } else if (next == s.bits.largest() || (next <= high && s.bits.next_after(next) > high)) {
    s = Scalar::constant(next);
  }
}

}  // namespace

Scalar Scalar::between(int64_t low, int64_t high) {
  Scalar v;
  v.r64.smin = low, v.r64.smax = high;
  v.r32.smin = static_cast<int32_t>(low), v.r32.smax = static_cast<int32_t>(high);
  v.sync();
  return v;
}

void Scalar::sync() {
  r32.narrow(bits.subreg());
  narrow_by_bits(*this);
  // One round is not a fixpoint; the kernel takes three, and so do we to give its verdicts.
  for (int round = 0; round < 3; round++) deduce(*this);
  const Tnum wide = intersect(bits, Tnum::range(r64.umin, r64.umax));
  const Tnum low = intersect(wide.subreg(), Tnum::range(r32.umin, r32.umax));
  bits = wide.with_subreg(low);
  r32.narrow(bits.subreg());
  narrow_by_bits(*this);
}

bool Scalar::is_contradiction() const {
  if (r64.is_empty() || r32.is_empty()) return true;
  if (bits.is_const() && r64 != Range64::constant(bits.value)) return true;
  return bits.subreg_is_const() && r32 != Range32::constant(static_cast<uint32_t>(bits.value));
}

void Scalar::zero_extend_32() {
  bits = bits.subreg();
  r64.umin = r32.umin;
  r64.umax = r32.umax;
  if (r32.smin >= 0) {
    r64.smin = r32.smin;
    r64.smax = r32.smax;
  } else {
    r64.smin = 0;
    r64.smax = UINT32_MAX;
  }
}

void Scalar::truncate(unsigned bytes) {
  if (bytes >= 8) return;
  bits = bits.cast(bytes);
  const uint64_t keep = (1ull << (bytes * 8)) - 1;
  if ((r64.umin & ~keep) == (r64.umax & ~keep)) {
    r64.umin &= keep;
    r64.umax &= keep;
  } else {
    r64.umin = 0;
    r64.umax = keep;
  }
  r64.smin = static_cast<int64_t>(r64.umin);
  r64.smax = static_cast<int64_t>(r64.umax);
  if (bytes < 4) r32 = {};
  sync();
}

namespace {
constexpr int64_t extend(uint64_t v, unsigned bytes) {
  const unsigned shift = 64 - bytes * 8;
  return static_cast<int64_t>(v << shift) >> shift;
}
}  // namespace

void Scalar::sign_extend(unsigned bytes) {
  const unsigned width_bits = bytes * 8;
  if (bits.is_const()) {
    *this = constant(static_cast<uint64_t>(extend(bits.value, bytes)));
    return;
  }
  if ((r64.smax >> width_bits) == (r64.smin >> width_bits)) {
    const int64_t a = extend(static_cast<uint64_t>(r64.smax), bytes),
                  b = extend(static_cast<uint64_t>(r64.smin), bytes);
    const int64_t high = std::max(a, b), low = std::min(a, b);
    if ((high >= 0) == (low >= 0)) {
      r64 = {low, high, static_cast<uint64_t>(low), static_cast<uint64_t>(high)};
      r32 = {static_cast<int32_t>(low), static_cast<int32_t>(high), static_cast<uint32_t>(low),
             static_cast<uint32_t>(high)};
      bits = Tnum::range(r64.umin, r64.umax);
      return;
    }
  }
  const int64_t high = (1ll << (width_bits - 1)) - 1, low = -high - 1;
  *this = {};
  r64.smin = low, r64.smax = high;
  r32.smin = static_cast<int32_t>(low), r32.smax = static_cast<int32_t>(high);
}

void Scalar::sign_extend_subreg(unsigned bytes) {
  const unsigned width_bits = bytes * 8;
  if (bits.is_const()) {
    const int64_t v = extend(bits.value, bytes);
    bits = Tnum::constant(static_cast<uint64_t>(v));
    r32 = Range32::constant(static_cast<uint32_t>(v));
    return;
  }
  if ((r32.smax >> width_bits) == (r32.smin >> width_bits)) {
    const auto a = static_cast<int32_t>(extend(static_cast<uint32_t>(r32.smax), bytes));
    const auto b = static_cast<int32_t>(extend(static_cast<uint32_t>(r32.smin), bytes));
    const int32_t high = std::max(a, b), low = std::min(a, b);
    if ((high >= 0) == (low >= 0)) {
      r32 = {low, high, static_cast<uint32_t>(low), static_cast<uint32_t>(high)};
      bits = Tnum::range(static_cast<uint64_t>(int64_t{low}), static_cast<uint64_t>(int64_t{high})).subreg();
      return;
    }
  }
  r32 = {};
  r32.smax = (1 << (width_bits - 1)) - 1;
  r32.smin = -r32.smax - 1;
  bits = Tnum::unknown().subreg();
}

void Scalar::set_known_subreg(uint32_t v) {
  bits = bits.with_subreg(Tnum::constant(v));
  r32 = Range32::constant(v);
}

}  // namespace spile::verifier
