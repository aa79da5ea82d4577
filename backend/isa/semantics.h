// What eBPF operations mean, written once: RFC 9669 in constexpr form.
//
// Constant folding (ir/), the verifier's concrete cases, both engines and the test generators take it from here.
// Registers are uint64_t. An operation on 32 bits reads the lower halves and leaves the upper half of its result zero.
// An immediate operand is given sign-extended to 64 bits.
#pragma once

#include <cstdint>

namespace spile::isa {

enum class Alu : uint8_t {
  Add,
  Sub,
  Mul,
  Div,
  SDiv,
  Or,
  And,
  Lsh,
  Rsh,
  Mod,
  SMod,
  Xor,
  Mov,
  MovS8,
  MovS16,
  MovS32,
  Arsh,
  Neg,
  Le16,
  Le32,
  Le64,
  Be16,
  Be32,
  Be64,
  Swap16,
  Swap32,
  Swap64,
};
enum class Cond : uint8_t { Eq, Gt, Ge, Set, Ne, Sgt, Sge, Lt, Le, Slt, Sle };
enum class Extend : uint8_t { Zero, Sign };
enum class Atomic : uint8_t { Add, Or, And, Xor, FetchAdd, FetchOr, FetchAnd, FetchXor, Xchg, Cmpxchg };

constexpr uint64_t low_bits(uint64_t value, unsigned bits) { return bits == 64 ? value : value & ((1ull << bits) - 1); }
constexpr int64_t sign_extend(uint64_t value, unsigned bits) {
  return static_cast<int64_t>(value << (64 - bits)) >> (64 - bits);
}
constexpr uint64_t extend(Extend how, unsigned bits, uint64_t value) {
  return how == Extend::Sign ? static_cast<uint64_t>(sign_extend(value, bits)) : low_bits(value, bits);
}
constexpr uint64_t byte_swap(unsigned bits, uint64_t value) {
  return bits == 16   ? __builtin_bswap16(static_cast<uint16_t>(value))
         : bits == 32 ? __builtin_bswap32(static_cast<uint32_t>(value))
                      : __builtin_bswap64(value);
}

namespace detail {

// One width: U is uint64_t or uint32_t, S the signed type of the same size. Signed arithmetic that may overflow is
// done on U, where it wraps.
template <class U, class S>
constexpr U alu_on(Alu op, U dst, U src) {
  constexpr unsigned kBits = sizeof(U) * 8;
  constexpr S kMin = static_cast<S>(U{1} << (kBits - 1));
  // RFC 9669 section 4.1: shift counts are masked by the width.
  const unsigned count = static_cast<unsigned>(src & (kBits - 1));
  switch (op) {
    case Alu::Add:
      return dst + src;
    case Alu::Sub:
      return dst - src;
    case Alu::Mul:
      return dst * src;
    case Alu::Or:
      return dst | src;
    case Alu::And:
      return dst & src;
    case Alu::Xor:
      return dst ^ src;
    case Alu::Lsh:
      return dst << count;
    case Alu::Rsh:
      return dst >> count;
    case Alu::Arsh:
      return static_cast<U>(static_cast<S>(dst) >> count);
    case Alu::Neg:
      return U{0} - dst;
    case Alu::Mov:
      return src;
    // Section 4.1: x / 0 = 0, x % 0 = x; the most negative number over -1 is itself, with remainder 0.
    case Alu::Div:
      return src == 0 ? U{0} : dst / src;
    case Alu::Mod:
      return src == 0 ? dst : dst % src;
    case Alu::SDiv:
      if (src == 0) return 0;
      if (static_cast<S>(src) == -1) return U{0} - dst;
      return static_cast<U>(static_cast<S>(dst) / static_cast<S>(src));
    case Alu::SMod:
      if (src == 0) return dst;
      if (static_cast<S>(dst) == kMin && static_cast<S>(src) == -1) return 0;
      return static_cast<U>(static_cast<S>(dst) % static_cast<S>(src));
    case Alu::MovS8:
      return static_cast<U>(sign_extend(src, 8));
    case Alu::MovS16:
      return static_cast<U>(sign_extend(src, 16));
    case Alu::MovS32:
      return static_cast<U>(sign_extend(src, 32));
    // Programs are little endian, whatever the host is.
    case Alu::Le16:
      return static_cast<U>(low_bits(dst, 16));
    case Alu::Le32:
      return static_cast<U>(low_bits(dst, 32));
    case Alu::Le64:
      return dst;
    case Alu::Be16:
    case Alu::Swap16:
      return static_cast<U>(byte_swap(16, dst));
    case Alu::Be32:
    case Alu::Swap32:
      return static_cast<U>(byte_swap(32, dst));
    case Alu::Be64:
    case Alu::Swap64:
      return static_cast<U>(byte_swap(64, dst));
  }
  __builtin_unreachable();
}

template <class U, class S>
constexpr bool holds_on(Cond cond, U a, U b) {
  switch (cond) {
    case Cond::Eq:
      return a == b;
    case Cond::Ne:
      return a != b;
    case Cond::Gt:
      return a > b;
    case Cond::Ge:
      return a >= b;
    case Cond::Lt:
      return a < b;
    case Cond::Le:
      return a <= b;
    case Cond::Set:
      return (a & b) != 0;
    case Cond::Sgt:
      return static_cast<S>(a) > static_cast<S>(b);
    case Cond::Sge:
      return static_cast<S>(a) >= static_cast<S>(b);
    case Cond::Slt:
      return static_cast<S>(a) < static_cast<S>(b);
    case Cond::Sle:
      return static_cast<S>(a) <= static_cast<S>(b);
  }
  __builtin_unreachable();
}

}  // namespace detail

// dst after `dst op= src` on [bits] (32 or 64). Neg and the byte orders take dst alone; the byte orders have bits 64.
constexpr uint64_t alu(Alu op, unsigned bits, uint64_t dst, uint64_t src) {
  return bits == 64 ? detail::alu_on<uint64_t, int64_t>(op, dst, src)
                    : detail::alu_on<uint32_t, int32_t>(op, static_cast<uint32_t>(dst), static_cast<uint32_t>(src));
}

// Whether `if dst cond src` jumps, comparing [bits] (32 or 64).
constexpr bool holds(Cond cond, unsigned bits, uint64_t dst, uint64_t src) {
  return bits == 64 ? detail::holds_on<uint64_t, int64_t>(cond, dst, src)
                    : detail::holds_on<uint32_t, int32_t>(cond, static_cast<uint32_t>(dst), static_cast<uint32_t>(src));
}
// The condition that holds exactly when [cond] does not; Set has none.
constexpr bool has_inverse(Cond cond) { return cond != Cond::Set; }
constexpr Cond inverse(Cond cond) {
  switch (cond) {
    case Cond::Eq:
      return Cond::Ne;
    case Cond::Ne:
      return Cond::Eq;
    case Cond::Gt:
      return Cond::Le;
    case Cond::Ge:
      return Cond::Lt;
    case Cond::Lt:
      return Cond::Ge;
    case Cond::Le:
      return Cond::Gt;
    case Cond::Sgt:
      return Cond::Sle;
    case Cond::Sge:
      return Cond::Slt;
    case Cond::Slt:
      return Cond::Sge;
    case Cond::Sle:
      return Cond::Sgt;
    case Cond::Set:
      return Cond::Set;
  }
  __builtin_unreachable();
}
// The condition that means the same with its operands exchanged.
constexpr Cond swapped(Cond cond) {
  switch (cond) {
    case Cond::Eq:
    case Cond::Ne:
    case Cond::Set:
      return cond;
    case Cond::Gt:
      return Cond::Lt;
    case Cond::Ge:
      return Cond::Le;
    case Cond::Lt:
      return Cond::Gt;
    case Cond::Le:
      return Cond::Ge;
    case Cond::Sgt:
      return Cond::Slt;
    case Cond::Sge:
      return Cond::Sle;
    case Cond::Slt:
      return Cond::Sgt;
    case Cond::Sle:
      return Cond::Sge;
  }
  __builtin_unreachable();
}

// An atomic operation on [bits] (32 or 64) of memory that held [old]: what memory, src and r0 hold after it.
struct AtomicEffect {
  uint64_t memory = 0, src = 0, r0 = 0;
};
constexpr AtomicEffect atomic(Atomic op, unsigned bits, uint64_t old, uint64_t src, uint64_t r0) {
  old = low_bits(old, bits);
  const uint64_t operand = low_bits(src, bits);
  switch (op) {
    case Atomic::Add:
      return {low_bits(old + operand, bits), src, r0};
    case Atomic::Or:
      return {old | operand, src, r0};
    case Atomic::And:
      return {old & operand, src, r0};
    case Atomic::Xor:
      return {old ^ operand, src, r0};
    case Atomic::FetchAdd:
      return {low_bits(old + operand, bits), old, r0};
    case Atomic::FetchOr:
      return {old | operand, old, r0};
    case Atomic::FetchAnd:
      return {old & operand, old, r0};
    case Atomic::FetchXor:
      return {old ^ operand, old, r0};
    case Atomic::Xchg:
      return {operand, old, r0};
    // r0 is loaded with the old value whether or not it was equal (zero-extended when it is 32 bits).
    case Atomic::Cmpxchg:
      return {old == low_bits(r0, bits) ? operand : old, src, old};
  }
  __builtin_unreachable();
}

static_assert(alu(Alu::Div, 64, 7, 0) == 0 && alu(Alu::Mod, 64, 7, 0) == 7 &&
              alu(Alu::SMod, 32, ~0ull, 0) == 0xffffffff);
static_assert(alu(Alu::SDiv, 64, 1ull << 63, ~0ull) == 1ull << 63 && alu(Alu::SMod, 64, 1ull << 63, ~0ull) == 0);
static_assert(alu(Alu::SDiv, 32, 0x80000000, ~0ull) == 0x80000000 && alu(Alu::SMod, 32, 0x80000000, ~0ull) == 0);
static_assert(alu(Alu::Lsh, 32, 1, 33) == 2 && alu(Alu::Arsh, 64, 1ull << 63, 63) == ~0ull);
static_assert(alu(Alu::MovS8, 32, 0, 0x80) == 0xffffff80 && alu(Alu::MovS8, 64, 0, 0x80) == ~0x7full);
static_assert(alu(Alu::Be16, 64, 0xffff1122, 0) == 0x2211 && alu(Alu::Neg, 32, 1, 0) == 0xffffffff);

}  // namespace spile::isa
