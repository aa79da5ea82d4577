// Conditional jumps on scalars: is the outcome known, and what does each outcome teach (regs_refine_cond_op)?
#include "backend/isa/insn.h"
#include "verifier/domain/scalar.h"

namespace spile::verifier {
namespace {

// The views that a comparison of the given width looks at, widened to 64 bits.
struct View {
  Tnum bits;
  uint64_t umin, umax;
  int64_t smin, smax;
};
View view(const Scalar &s, bool jump32) {
  if (jump32) return {s.bits.subreg(), s.r32.umin, s.r32.umax, s.r32.smin, s.r32.smax};
  return {s.bits, s.r64.umin, s.r64.umax, s.r64.smin, s.r64.smax};
}

bool disjoint(const Scalar &a, const Scalar &b, bool jump32) {
  const View x = view(a, jump32), y = view(b, jump32);
  if (!x.bits.overlaps(y.bits)) return true;
  if (x.umin > y.umax || x.umax < y.umin || x.smin > y.smax || x.smax < y.smin) return true;
  if (jump32) return false;
  return a.r32.umin > b.r32.umax || a.r32.umax < b.r32.umin || a.r32.smin > b.r32.smax || a.r32.smax < b.r32.smin;
}

std::optional<bool> compare(bool always, bool never) {
  if (always) return true;
  if (never) return false;
  return std::nullopt;
}

// `a == b` holds: both get what either had.
template <class R>
void equalise(R &a, R &b) {
  a.umin = std::max(a.umin, b.umin);
  a.umax = std::min(a.umax, b.umax);
  a.smin = std::max(a.smin, b.smin);
  a.smax = std::min(a.smax, b.smax);
  b = a;
}
template <class R>
void exclude(R &r, decltype(r.umin) v) {
  const auto sv = static_cast<decltype(r.smin)>(v);
  if (r.umin == v) r.umin++;
  if (r.umax == v) r.umax--;
  // Unsigned arithmetic: a range that is only this value becomes empty, also at the ends of the type.
  if (r.smin == sv) r.smin = static_cast<decltype(r.smin)>(v + 1);
  if (r.smax == sv) r.smax = static_cast<decltype(r.smax)>(v - 1);
}
template <class R>
void below(R &a, R &b, bool or_equal, bool is_signed) {
  using U = decltype(a.umin);
  using S = decltype(a.smin);
  const U step = or_equal ? 0 : 1;
  if (is_signed) {
    a.smax = std::min(a.smax, static_cast<S>(static_cast<U>(b.smax) - step));
    b.smin = std::max(static_cast<S>(static_cast<U>(a.smin) + step), b.smin);
  } else {
    a.umax = std::min(a.umax, static_cast<U>(b.umax - step));
    b.umin = std::max(static_cast<U>(a.umin + step), b.umin);
  }
}

// Only comparisons with a constant teach anything for != and &; puts the constant second.
bool constant_second(Scalar *&a, Scalar *&b, bool jump32) {
  if (!b->is_const(jump32)) std::swap(a, b);
  return b->is_const(jump32);
}

void learn_bits_set(Scalar &a, uint64_t v, bool jump32) {
  if (!std::has_single_bit(v)) return;  // some bit of v is set, but which?
  if (jump32)
    a.bits = a.bits.with_subreg(bit_or(a.bits.subreg(), Tnum::constant(v)));
  else
    a.bits = bit_or(a.bits, Tnum::constant(v));
}
void learn_bits_clear(Scalar &a, uint64_t v, bool jump32) {
  // The ranges are forgotten, as the kernel does: clearing known-zero bits can contradict them.
  a.r64 = {};
  a.r32 = {};
  if (jump32)
    a.bits = a.bits.with_subreg(bit_and(a.bits.subreg(), Tnum::constant(~v)));
  else
    a.bits = bit_and(a.bits, Tnum::constant(~v));
}

uint8_t negated(uint8_t op) {
  switch (op) {
    case isa::JEQ:
      return isa::JNE;
    case isa::JNE:
      return isa::JEQ;
    case isa::JGE:
      return isa::JLT;
    case isa::JGT:
      return isa::JLE;
    case isa::JLE:
      return isa::JGT;
    case isa::JLT:
      return isa::JGE;
    case isa::JSGE:
      return isa::JSLT;
    case isa::JSGT:
      return isa::JSLE;
    case isa::JSLE:
      return isa::JSGT;
    case isa::JSLT:
      return isa::JSGE;
    default:
      return op;
  }
}

}  // namespace

uint8_t flipped(uint8_t op) {
  switch (op) {
    case isa::JGE:
      return isa::JLE;
    case isa::JGT:
      return isa::JLT;
    case isa::JLE:
      return isa::JGE;
    case isa::JLT:
      return isa::JGT;
    case isa::JSGE:
      return isa::JSLE;
    case isa::JSGT:
      return isa::JSLT;
    case isa::JSLE:
      return isa::JSGE;
    case isa::JSLT:
      return isa::JSGT;
    default:
      return op;  // ==, != and & are symmetric
  }
}

std::optional<bool> branch_taken(uint8_t op, bool jump32, const Scalar &a, const Scalar &b) {
  View x = view(a, jump32), y = view(b, jump32);
  switch (op) {
    case isa::JEQ:
      if (x.bits.is_const() && y.bits.is_const()) return x.bits.value == y.bits.value;
      return compare(false, disjoint(a, b, jump32));
    case isa::JNE:
      if (x.bits.is_const() && y.bits.is_const()) return x.bits.value != y.bits.value;
      return compare(disjoint(a, b, jump32), false);
    case isa::JSET:
      if (!y.bits.is_const()) std::swap(x, y);
      if (!y.bits.is_const()) return std::nullopt;
      return compare((x.bits.value & y.bits.value) != 0, ((x.bits.mask | x.bits.value) & y.bits.value) == 0);
    case isa::JGT:
      return compare(x.umin > y.umax, x.umax <= y.umin);
    case isa::JSGT:
      return compare(x.smin > y.smax, x.smax <= y.smin);
    case isa::JLT:
      return compare(x.umax < y.umin, x.umin >= y.umax);
    case isa::JSLT:
      return compare(x.smax < y.smin, x.smin >= y.smax);
    case isa::JGE:
      return compare(x.umin >= y.umax, x.umax < y.umin);
    case isa::JSGE:
      return compare(x.smin >= y.smax, x.smax < y.smin);
    case isa::JLE:
      return compare(x.umax <= y.umin, x.umin > y.umax);
    case isa::JSLE:
      return compare(x.smax <= y.smin, x.smin > y.smax);
    default:
      return std::nullopt;
  }
}

void refine(uint8_t op, bool jump32, bool holds, Scalar &first, Scalar &second) {
  Scalar *a = &first, *b = &second;
  if (op == isa::JSET) {
    if (constant_second(a, b, jump32)) {
      const uint64_t v = b->const_value(jump32);
      if (holds)
        learn_bits_set(*a, v, jump32);
      else
        learn_bits_clear(*a, v, jump32);
    }
  } else {
    if (!holds) op = negated(op);
    // Only "below" is written out.
    if (op == isa::JGE || op == isa::JGT || op == isa::JSGE || op == isa::JSGT) {
      op = flipped(op);
      std::swap(a, b);
    }
    switch (op) {
      case isa::JEQ:
        if (jump32) {
          equalise(a->r32, b->r32);
          const Tnum t = intersect(a->bits.subreg(), b->bits.subreg());
          a->bits = a->bits.with_subreg(t);
          b->bits = b->bits.with_subreg(t);
        } else {
          equalise(a->r64, b->r64);
          a->bits = b->bits = intersect(a->bits, b->bits);
        }
        break;
      case isa::JNE:
        if (constant_second(a, b, jump32)) {
          const uint64_t v = b->const_value(jump32);
          if (jump32)
            exclude(a->r32, static_cast<uint32_t>(v));
          else
            exclude(a->r64, v);
        }
        break;
      case isa::JLE:
      case isa::JLT:
      case isa::JSLE:
      case isa::JSLT: {
        const bool or_equal = op == isa::JLE || op == isa::JSLE, is_signed = op == isa::JSLE || op == isa::JSLT;
        if (jump32)
          below(a->r32, b->r32, or_equal, is_signed);
        else
          below(a->r64, b->r64, or_equal, is_signed);
        break;
      }
      default:
        break;
    }
  }
  first.sync();
  second.sync();
}

}  // namespace spile::verifier
