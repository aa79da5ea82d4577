// Rules of `simplify` about comparisons, one a line below its equation.
//
// For the kernel's verifier: a comparison is decided by a range only where the kernel knows the range too.
#include "ir/passes/simplify_rules.h"

namespace spile::ir::passes {

ValueId Rules::compare(ValueId v) {
  const ValueId a = f_.operand(v, 0), b = f_.operand(v, 1);
  const Pred p = f_[v].pred;
  const auto ca = constant(a), cb = constant(b);
  if (ca && cb) return folded(v, *ca, *cb);
  // c p x = x p' c
  if (ca) return become_compare(v, swapped(p), b, a);
  // x = x, x <= x; not x != x, x < x
  if (a == b)
    return f_.constant(Type::I1, p == Pred::Eq || p == Pred::Ule || p == Pred::Uge || p == Pred::Sle || p == Pred::Sge);
  const bool is_equality = p == Pred::Eq || p == Pred::Ne;
  // sext x == sext y: zext x == zext y, which narrow values come as
  if (is_equality && op(a) == Op::Sext && op(b) == Op::Sext && type(f_.operand(a, 0)) == type(f_.operand(b, 0)) &&
      type(f_.operand(a, 0)) != Type::I1) {
    const ValueId x = f_.operand(a, 0), y = f_.operand(b, 0);
    if (bits_of(type(x)) == 32) return become_compare(v, p, x, y);
    return become_compare(v, p, make(Op::Zext, Type::I32, {x}, v), make(Op::Zext, Type::I32, {y}, v));
  }
  if (!cb) return v;
  // The frame is never at null.
  if (is_equality && *cb == 0 && op(a) == Op::SlotAddr) return f_.constant(Type::I1, p == Pred::Ne);
  // Nor is what C finds some way behind another pointer.
  if (is_equality && *cb == 0 && op(a) == Op::PtrAdd && constant(f_.operand(a, 1)) && op(f_.operand(a, 0)) != Op::Const)
    return f_.constant(Type::I1, p == Pred::Ne);
  // Nor is a variable, nor one of the kernel's, unless it may be missing.
  if (is_equality && *cb == 0 && op(a) == Op::GlobalAddr &&
      module_[GlobalId(static_cast<size_t>(f_[a].imm))].linkage != Linkage::ExternalWeak)
    return f_.constant(Type::I1, p == Pred::Ne);
  // Nor is a function that is here.
  if (is_equality && *cb == 0 && op(a) == Op::FuncAddr &&
      !module_[FunctionId(static_cast<size_t>(f_[a].imm))].is_declaration())
    return f_.constant(Type::I1, p == Pred::Ne);
  if (type(a) == Type::I1 && is_equality) {
    // i1: x != 0 = x, x == 1 = x; x == 0 = ~x, x != 1 = ~x
    if ((p == Pred::Ne) == (*cb == 0)) return a;
    return bit_not(a, v);
  }
  if (const ValueId r = compare_range(v, a, *cb); r != v) return r;
  if (f_[v].pred != p) return v;  // another comparison, for which the rules begin anew
  if (op(a) == Op::Sext) return compare_extended(v, a, *cb);
  return is_equality ? compare_equal(v, a, *cb) : v;
}

// Unsigned comparisons at the ends of the range of their left side.
ValueId Rules::compare_range(ValueId v, ValueId a, int64_t c) {
  if (!is_integer(type(a))) return v;
  const uint64_t all = all_bits(type(a));
  const KnownBits known = bits_in(a);
  const uint64_t max = known.max, u = static_cast<uint64_t>(c) & all;
  auto truth = [&](bool value) { return f_.constant(Type::I1, value); };
  const ValueId b = f_.operand(v, 1), zero = f_.constant(type(a), 0);
  // Where x cannot be negative, signed order is unsigned order for constants that are not negative either.
  const bool not_negative = max <= all / 2;
  switch (f_[v].pred) {
    case Pred::Eq:
      return u > max || u < known.min || (u & known.zeros) != 0 || (~u & known.ones) != 0 ? truth(false) : v;
    case Pred::Ne:
      return u > max || u < known.min || (u & known.zeros) != 0 || (~u & known.ones) != 0 ? truth(true) : v;
    // x < c where x < c always; x < 0; x < 1 is x == 0
    case Pred::Ult:
      return u > max ? truth(true) : u == 0 ? truth(false) : u == 1 ? become_compare(v, Pred::Eq, a, zero) : v;
    case Pred::Ule:
      return u >= max ? truth(true) : u == 0 ? become_compare(v, Pred::Eq, a, zero) : v;
    case Pred::Ugt:
      return u >= max ? truth(false) : u == 0 ? become_compare(v, Pred::Ne, a, zero) : v;
    case Pred::Uge:
      return u > max ? truth(false) : u == 0 ? truth(true) : u == 1 ? become_compare(v, Pred::Ne, a, zero) : v;
    case Pred::Slt:
      return !not_negative ? v : c <= 0 ? truth(false) : u > max ? truth(true) : become_compare(v, Pred::Ult, a, b);
    case Pred::Sle:
      return !not_negative ? v : c < 0 ? truth(false) : u >= max ? truth(true) : become_compare(v, Pred::Ule, a, b);
    case Pred::Sgt:
      return !not_negative ? v : c < 0 ? truth(true) : u >= max ? truth(false) : become_compare(v, Pred::Ugt, a, b);
    case Pred::Sge:
      return !not_negative ? v : c <= 0 ? truth(true) : u > max ? truth(false) : become_compare(v, Pred::Uge, a, b);
  }
  return v;
}

// sext x against c: against x itself, which has as many bits to compare with as c needs.
ValueId Rules::compare_extended(ValueId v, ValueId a, int64_t c) {
  const ValueId x = f_.operand(a, 0);
  const Type narrow = type(x);
  const Pred p = f_[v].pred;
  const bool is_equality = p == Pred::Eq || p == Pred::Ne;
  const bool fits = normalized(narrow, c) == c && narrow != Type::I1;
  // sext x == c is never so for a c that is no sign extension
  if (!fits) return is_equality && narrow != Type::I1 ? f_.constant(Type::I1, p == Pred::Ne) : v;
  // sext x == c: zext x == c & mask, which narrow values come as
  if (is_equality && bits_of(narrow) < 32) {
    if (!has_one_use(a)) return v;
    const ValueId wide = make(Op::Zext, Type::I32, {x}, v);
    return become_compare(v, p, wide,
                          f_.constant(Type::I32, static_cast<int64_t>(static_cast<uint64_t>(c) & all_bits(narrow))));
  }
  if (narrow != Type::I32) return v;
  // Negative values are the greatest of the unsigned ones before and behind an extension.
  if (!is_equality && !is_signed(p) && c < 0) return v;
  return become_compare(v, p, x, f_.constant(narrow, c));
}

// a == c and a != c, where a is computed.
ValueId Rules::compare_equal(ValueId v, ValueId a, int64_t c) {
  const Pred p = f_[v].pred;
  if (f_[a].operand_count == 0 || op(a) == Op::Phi) return v;
  const ValueId x = f_.operand(a, 0);
  const Type t = type(a);
  if (op(a) == Op::Add || op(a) == Op::Xor)
    if (const auto inner = constant(f_.operand(a, 1)); inner && has_one_use(a))
      // x + c1 == c: x == c - c1;  x ^ c1 == c: x == c ^ c1
      return become_compare(v, p, x,
                            f_.constant(t, *fold(op(a) == Op::Add ? Op::Sub : Op::Xor, Pred::Eq, t, t, c, *inner)));
  // x - y == 0: x == y;  x ^ y == 0: x == y
  if (c == 0 && (op(a) == Op::Sub || op(a) == Op::Xor)) return become_compare(v, p, x, f_.operand(a, 1));
  // x >> k == 0: x < 1 << k. The verifier learns it of x, not of a copy; where the shift has another user, that is left
  // below the branch, and follows from x (sink).
  if (c == 0 && op(a) == Op::LShr && bits_of(t) >= 32)
    if (const auto by = constant(f_.operand(a, 1)); by && *by > 0 && *by < 31)
      if (has_one_use(a) || (a.index < uses_.size() && uses_[a.index] == 2 && !has_one_use(x)))
        return become_compare(v, p == Pred::Eq ? Pred::Ult : Pred::Uge, x, f_.constant(t, int64_t{1} << *by));
  // bswap x == c: x == bswap c
  if (op(a) == Op::Bswap && has_one_use(a))
    return become_compare(v, p, x, f_.constant(t, *fold(Op::Bswap, Pred::Eq, t, t, c, 0)));
  if (op(a) == Op::Zext) {
    const Type narrow = type(x);
    // zext x == c: x == c (compare_range has seen to a c that does not fit)
    if (narrow == Type::I1 || narrow == Type::I32) return become_compare(v, p, x, f_.constant(narrow, c));
    // zext(bswap x) == c: zext x == zext(bswap c)
    if (op(x) == Op::Bswap && has_one_use(x) && has_one_use(a)) {
      const int64_t swapped_c = *fold(Op::Bswap, Pred::Eq, narrow, narrow, normalized(narrow, c), 0);
      const ValueId wide = make(Op::Zext, t, {f_.operand(x, 0)}, v);
      return become_compare(v, p, wide, f_.constant(t, *fold(Op::Zext, Pred::Eq, t, narrow, swapped_c, 0)));
    }
  }
  return v;
}

}  // namespace spile::ir::passes
