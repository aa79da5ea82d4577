// Arithmetic on scalars: the tnum, the 64-bit and the 32-bit ranges of `dst op= src` (adjust_scalar_min_max_vals).
#include "backend/isa/insn.h"
#include "backend/isa/semantics.h"
#include "verifier/domain/scalar.h"

namespace spile::verifier {
namespace {

// Both operands' bits are known: the range is the constant.
template <class R>
bool settle(R &r, Tnum result, Tnum source) {
  if (!source.is_const() || !result.is_const()) return false;
  r = R::constant(static_cast<decltype(r.umin)>(result.value));
  return true;
}

void shift_left_32(Range32 &r, uint64_t n) {
  r.unbound_signed();
  if (n > 31 || r.umax > 1ull << (31 - n)) {
    r.unbound_unsigned();
  } else {
    r.umin <<= n;
    r.umax <<= n;
  }
}

void shift_left(Scalar &d, unsigned n, bool alu32) {
  if (alu32) {
    shift_left_32(d.r32, n);
    d.bits = d.bits.subreg().lsh(n).subreg();
    d.r64 = {};
    d.r32.narrow(d.bits);
    return;
  }
  if (n == 32) {  // moves the low half up: the idiom of a 32-bit sign extension
    d.r64.smin = static_cast<int64_t>(static_cast<uint64_t>(int64_t{d.r32.smin}) << 32);
    d.r64.smax = static_cast<int64_t>(static_cast<uint64_t>(int64_t{d.r32.smax}) << 32);
  } else {
    d.r64.unbound_signed();
  }
  if (d.r64.umax > 1ull << (63 - n)) {
    d.r64.unbound_unsigned();
  } else {
    d.r64.umin <<= n;
    d.r64.umax <<= n;
  }
  shift_left_32(d.r32, n);
  d.bits = d.bits.lsh(n);
}

void shift_right(Scalar &d, unsigned n, bool alu32) {
  if (alu32) {
    d.r32.unbound_signed();
    d.bits = d.bits.subreg().rsh(n);
    d.r32.umin >>= n;
    d.r32.umax >>= n;
    d.r64 = {};
    return;
  }
  d.r64.unbound_signed();
  d.bits = d.bits.rsh(n);
  d.r64.umin >>= n;
  d.r64.umax >>= n;
  d.r32 = {};
}

void shift_right_signed(Scalar &d, unsigned n, bool alu32) {
  if (alu32) {
    d.r32.smin >>= n;
    d.r32.smax >>= n;
    d.bits = d.bits.arsh32(n);
    d.r32.unbound_unsigned();
    d.r64 = {};
    return;
  }
  d.r64.smin >>= n;
  d.r64.smax >>= n;
  d.bits = d.bits.arsh64(n);
  d.r64.unbound_unsigned();
  d.r32 = {};
}

}  // namespace

Scalar alu(uint8_t op, bool alu32, const Scalar &dst, const Scalar &src) {
  Scalar d = dst;
  const bool src_const =
      alu32 ? src.bits.subreg_is_const() && src.r32.is_const() : src.is_const() && src.r64.is_const();
  switch (op) {
    case isa::ADD:
      d.r32.add(src.r32);
      d.r64.add(src.r64);
      d.bits = add(d.bits, src.bits);
      break;
    case isa::SUB:
      d.r32.sub(src.r32);
      d.r64.sub(src.r64);
      d.bits = sub(d.bits, src.bits);
      break;
    case isa::MUL:
      d.bits = mul(d.bits, src.bits);
      d.r32.mul(src.r32);
      d.r64.mul(src.r64);
      break;
    case isa::AND:
      d.bits = bit_and(d.bits, src.bits);
      if (!settle(d.r32, d.bits.subreg(), src.bits.subreg())) d.r32.bit_and(src.r32, d.bits.subreg());
      if (!settle(d.r64, d.bits, src.bits)) d.r64.bit_and(src.r64, d.bits);
      break;
    case isa::OR:
      d.bits = bit_or(d.bits, src.bits);
      if (!settle(d.r32, d.bits.subreg(), src.bits.subreg())) d.r32.bit_or(src.r32, d.bits.subreg());
      if (!settle(d.r64, d.bits, src.bits)) d.r64.bit_or(src.r64, d.bits);
      break;
    case isa::XOR:
      d.bits = bit_xor(d.bits, src.bits);
      if (!settle(d.r32, d.bits.subreg(), src.bits.subreg())) d.r32.bit_xor(d.bits.subreg());
      if (!settle(d.r64, d.bits, src.bits)) d.r64.bit_xor(d.bits);
      break;
    case isa::LSH:
    case isa::RSH:
    case isa::ARSH: {
      // Only shifts by a known amount below the width are followed (is_safe_to_compute_dst_reg_range).
      if (!src_const || src.r64.umax >= (alu32 ? 32u : 64u)) return Scalar::unknown();
      const auto n = static_cast<unsigned>(src.r64.umin);
      if (op == isa::LSH)
        shift_left(d, n, alu32);
      else if (op == isa::RSH)
        shift_right(d, n, alu32);
      else
        shift_right_signed(d, n, alu32);
      break;
    }
    default:
      // Sound because: unknown contains every result. A 32-bit division is below 2^32, which the kernel of 6.12 does
      // not use either.
      return Scalar::unknown();
  }
  if (alu32) d.zero_extend_32();
  d.sync();
  return d;
}

// Kernel: Linux learnt what byte swaps and negations keep in 6.17 and later; an older one forgets everything.
Scalar byte_order(const Scalar &value, unsigned bits, bool swap) {
  Scalar s = value;
  if (swap) {
    s.bits = {isa::byte_swap(bits, value.bits.value), isa::byte_swap(bits, value.bits.mask)};
    s.r64 = {};
    s.r32 = {};
  }
  if (bits < 64)
    s.truncate(bits / 8);
  else
    s.sync();
  return s;
}

}  // namespace spile::verifier
