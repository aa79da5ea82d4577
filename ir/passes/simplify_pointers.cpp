// Rules of `simplify` about pointers: sums of them, and what of a sum becomes part of an access.
#include <limits>

#include "ir/passes/simplify_rules.h"

namespace spile::ir::passes {

ValueId Rules::pointer_add(ValueId v) {
  const ValueId p = f_.operand(v, 0), by = f_.operand(v, 1);
  const auto c = constant(by);
  // p + 0 = p
  if (c == 0) return p;
  if (c && constant(p)) return folded(v, *constant(p), *c);
  // (p + a) + b = p + (a + b)
  if (c && op(p) == Op::PtrAdd)
    if (const auto inner = constant(f_.operand(p, 1)))
      return become(v, Op::PtrAdd, f_.operand(p, 0),
                    f_.constant(Type::I64, *fold(Op::Add, Pred::Eq, Type::I64, Type::I64, *inner, *c)));
  // p + (x + c) = (p + x) + c, which goes into the offset of an access
  if (op(by) == Op::Add && has_one_use(by) && constant(f_.operand(by, 1)))
    return become(v, Op::PtrAdd, make(Op::PtrAdd, Type::Ptr, {p, f_.operand(by, 0)}, v), f_.operand(by, 1));
  return constant_apart(v, p, by);
}

// p + zext((x + c) << n) = (p + zext(x << n)) + (c << n), where nothing is carried out of its width. The kernel
// compares two pointers' constant and variable parts apart: ways that agree in the constant one are walked on as one.
ValueId Rules::constant_apart(ValueId v, ValueId p, ValueId by) {
  const bool is_wide = op(by) != Op::Zext;
  const ValueId shift = is_wide ? by : f_.operand(by, 0);
  const auto n = op(shift) == Op::Shl ? constant(f_.operand(shift, 1)) : 0;
  const ValueId sum = op(shift) == Op::Shl ? f_.operand(shift, 0) : shift;
  if (op(sum) != Op::Add || !n || !has_one_use(by) || !has_one_use(shift) || !has_one_use(sum)) return v;
  const Type t = type(sum);
  const ValueId x = f_.operand(sum, 0);
  const auto c = constant(f_.operand(sum, 1));
  constexpr int64_t kMost = std::numeric_limits<int16_t>::max();
  if (!c || *c < 0 || *c > kMost || *n < 0 || *n >= 16) return v;
  const uint64_t most = all_bits(t) >> *n, added = static_cast<uint64_t>(*c);
  if (added > most || unsigned_max(x) > most - added) return v;
  ValueId rest = *n == 0 ? x : make(Op::Shl, t, {x, f_.constant(t, *n)}, v);
  if (!is_wide) rest = make(Op::Zext, Type::I64, {rest}, v);
  return become(v, Op::PtrAdd, make(Op::PtrAdd, Type::Ptr, {p, rest}, v), f_.constant(Type::I64, *c << *n));
}

ValueId Rules::int_to_pointer(ValueId v) {
  const ValueId x = f_.operand(v, 0);
  // inttoptr(ptrtoint p) = p
  if (op(x) == Op::PtrToInt) return f_.operand(x, 0);
  if (const auto c = constant(x)) return f_.constant(Type::Ptr, *c);
  // inttoptr(ptrtoint p + y) = p + y
  if (op(x) == Op::Add) {
    const ValueId a = f_.operand(x, 0), b = f_.operand(x, 1);
    if (op(a) == Op::PtrToInt && op(b) != Op::PtrToInt) return become(v, Op::PtrAdd, f_.operand(a, 0), b);
    if (op(b) == Op::PtrToInt && op(a) != Op::PtrToInt) return become(v, Op::PtrAdd, f_.operand(b, 0), a);
  }
  return v;
}

// *(p + c + offset): c goes into the offset of the access, which has 16 bits (RFC 9669 section 3.1).
ValueId Rules::fold_offset(ValueId v, size_t pointer) {
  const ValueId p = f_.operand(v, pointer);
  if (op(p) != Op::PtrAdd) return v;
  const auto c = constant(f_.operand(p, 1));
  constexpr int64_t kLow = std::numeric_limits<int16_t>::min(), kHigh = std::numeric_limits<int16_t>::max();
  if (!c || *c < kLow || *c > kHigh || f_[v].imm < kLow || f_[v].imm > kHigh) return v;
  const int64_t offset = f_[v].imm + *c;
  if (offset < kLow || offset > kHigh) return v;
  f_.operands(v)[pointer] = f_.operand(p, 0);
  f_[v].imm = offset;
  changed_ = true;
  return v;
}

// phi(p + c, q + c) = phi(p, q) + c, for the same reason
ValueId Rules::phi_of_moved(ValueId v) {
  if (f_[v].operand_count == 0 || cfg_->is_loop_head(block_)) return v;
  const ValueId first = f_.operand(v, 0);
  if (op(first) != Op::PtrAdd) return v;
  const ValueId by = f_.operand(first, 1);
  if (!constant(by)) return v;
  std::vector<ValueId> unmoved;
  for (const ValueId operand : f_.operands(v)) {
    if (op(operand) != Op::PtrAdd || f_.operand(operand, 1) != by || !has_one_use(operand)) return v;
    unmoved.push_back(f_.operand(operand, 0));
  }
  const std::vector<BlockId> from(f_.targets(v).begin(), f_.targets(v).end());
  const ValueId phi = f_.make(Op::Phi, Type::Ptr, unmoved, from, 0, f_[v].loc);
  f_[phi].block = block_;
  phis_.push_back(phi);
  is_same_ = false;
  f_.set_targets(v, {});
  return become(v, Op::PtrAdd, phi, by);
}

}  // namespace spile::ir::passes
