// Scalar: everything the verifier knows about a 64-bit number: bits, 64-bit ranges, ranges of the low half.
//
// The three views refine each other in sync(), the kernel's reg_bounds_sync. Pointers use a Scalar too: the variable
// part of their offset.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "verifier/domain/range.h"
#include "verifier/domain/tnum.h"

namespace spile::verifier {

struct Scalar {
  Tnum bits = Tnum::unknown();
  Range64 r64;
  Range32 r32;

  static Scalar unknown() { return {}; }
  // Any of [low, high], as a signed number; both fit into 32 bits.
  static Scalar between(int64_t low, int64_t high);
  static Scalar constant(uint64_t v) {
    return {Tnum::constant(v), Range64::constant(v), Range32::constant(static_cast<uint32_t>(v))};
  }

  bool is_const() const { return bits.is_const(); }
  bool is_const(bool low_half) const { return low_half ? bits.subreg_is_const() : bits.is_const(); }
  uint64_t const_value() const { return bits.value; }
  uint64_t const_value(bool low_half) const { return low_half ? static_cast<uint32_t>(bits.value) : bits.value; }
  bool is_zero() const { return bits == Tnum::constant(0); }
  // Significant bits of the largest value.
  unsigned width() const { return 64 - static_cast<unsigned>(std::countl_zero(r64.umax)); }
  bool contains(uint64_t v) const {
    return bits.contains(v) && r64.contains(v) && r32.contains(static_cast<uint32_t>(v));
  }
  bool includes(const Scalar &inner) const {
    return r64.includes(inner.r64) && r32.includes(inner.r32) && bits.includes(inner.bits);
  }
  // No number fits all views, or a constant tnum disagrees with the ranges (reg_bounds_sanity_check).
  bool is_contradiction() const;

  void sync();
  // The 64-bit ranges from the 32-bit ones, upper half zero: the result of a 32-bit operation.
  void zero_extend_32();
  // What a load of [bytes] leaves of a value; zero- or sign-extended to 64 bits.
  void truncate(unsigned bytes);
  void sign_extend(unsigned bytes);
  // 32-bit `movsx`: sign-extends into the low half; the caller zero-extends.
  void sign_extend_subreg(unsigned bytes);
  void set_known_subreg(uint32_t v);

  friend bool operator==(const Scalar &, const Scalar &) = default;
};

// The effect of `dst op= src` of the ALU (opcode's operation bits). Divisions, byte swaps and shifts by an unknown
// amount give unknown. The result is synced. [alu32]: the low halves, zero-extended.
Scalar alu(uint8_t op, bool alu32, const Scalar &dst, const Scalar &src);

// The lower [bits] (16, 32, 64) of a number, with its bytes in the other order if [swap].
Scalar byte_order(const Scalar &value, unsigned bits, bool swap);

// Does `a op b` of a conditional jump hold for every pair (true), for none (false), or does it depend?
std::optional<bool> branch_taken(uint8_t op, bool jump32, const Scalar &a, const Scalar &b);
// Refines a and b by the knowledge that `a op b` holds ([holds]) or does not.
void refine(uint8_t op, bool jump32, bool holds, Scalar &a, Scalar &b);
// The jump with its operands exchanged: `a op b` is `b flipped(op) a`.
uint8_t flipped(uint8_t op);

// "umin=..,umax=..,var_off=(..)": the kernel's notation, parts that say nothing left out; starts with [separator].
std::string ranges_text(const Scalar &s, std::string separator);
// As the kernel prints a signed number: decimal up to 16 bits, else hexadecimal.
std::string number_text(int64_t v);

}  // namespace spile::verifier
