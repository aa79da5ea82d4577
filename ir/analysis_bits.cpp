#include "ir/analysis_bits.h"

#include <algorithm>
#include <bit>

#include "ir/fold.h"

namespace spile::ir {

namespace {

// Every fact in the light of the others.
KnownBits normalized(KnownBits k, Type type) {
  const uint64_t all = all_bits(type);
  k.zeros |= ~all;
  k.max = std::min(k.max, ~k.zeros);
  k.min = std::max(k.min, k.ones);
  if (k.min > k.max) return anything(type);  // of code that is never reached
  // No bit above the highest of the maximum; and above the highest bit in which the ends differ, all is known.
  const uint64_t differing = k.min ^ k.max;
  const uint64_t fixed = differing == 0 ? ~0ull : ~(~0ull >> std::countl_zero(differing));
  k.ones |= k.max & fixed;
  k.zeros |= ~k.max & fixed;
  return k;
}

KnownBits shifted(Op op, Type type, const KnownBits &a, unsigned by) {
  const uint64_t all = all_bits(type);
  KnownBits k;
  switch (op) {
    case Op::Shl:
      k.zeros = (a.zeros << by) | ((1ull << by) - 1);
      k.ones = (a.ones << by) & all;
      k.max = a.max <= (all >> by) ? a.max << by : all;
      k.min = a.max <= (all >> by) ? a.min << by : 0;
      return k;
    case Op::LShr:
      k.zeros = ((a.zeros & all) >> by) | ~(all >> by);
      k.ones = a.ones >> by;
      k.max = a.max >> by;
      k.min = a.min >> by;
      return k;
    default:
      // To the right with the sign: the same where the sign is known to be clear.
      return a.max <= all / 2 ? shifted(Op::LShr, type, a, by) : anything(type);
  }
}

KnownBits binary(const Function &f, ValueId v, const KnownBits &a, const KnownBits &b) {
  const Type type = f[v].type;
  const uint64_t all = all_bits(type);
  KnownBits k;
  switch (f[v].op) {
    case Op::And:
      k.zeros = a.zeros | b.zeros;
      k.ones = a.ones & b.ones;
      k.max = std::min(a.max, b.max);
      return k;
    case Op::Or:
      k.zeros = a.zeros & b.zeros;
      k.ones = a.ones | b.ones;
      k.min = std::max(a.min, b.min);
      return k;
    case Op::Xor:
      k.zeros = (a.zeros & b.zeros) | (a.ones & b.ones);
      k.ones = (a.zeros & b.ones) | (a.ones & b.zeros);
      return k;
    case Op::Add:
      if (a.max > all - b.max) return anything(type);
      k.min = a.min + b.min;
      k.max = a.max + b.max;
      return k;
    case Op::Sub:
      if (a.min < b.max) return anything(type);
      k.min = a.min - b.max;
      k.max = a.max - b.min;
      return k;
    case Op::Mul:
      if (a.max > 0xffff'ffff || b.max > 0xffff'ffff || a.max * b.max > all) return anything(type);
      k.min = a.min * b.min;
      k.max = a.max * b.max;
      return k;
    case Op::Shl:
    case Op::LShr:
    case Op::AShr:
      if (!b.is_constant()) return anything(type);
      return shifted(f[v].op, type, a, static_cast<unsigned>(b.min & (bits_of(type) - 1)));
    default:
      return anything(type);
  }
}

}  // namespace

KnownBits anything(Type type) {
  const uint64_t all = all_bits(type);
  return {.min = 0, .max = all, .zeros = ~all, .ones = 0};
}
KnownBits exactly(Type type, int64_t value) {
  const uint64_t bits = static_cast<uint64_t>(value) & all_bits(type);
  return {.min = bits, .max = bits, .zeros = ~bits, .ones = bits};
}
KnownBits either(const KnownBits &a, const KnownBits &b) {
  return {.min = std::min(a.min, b.min),
          .max = std::max(a.max, b.max),
          .zeros = a.zeros & b.zeros,
          .ones = a.ones & b.ones};
}

KnownBits known_bits(const Function &function, ValueId v, const BitsOf &of) {
  const Inst &inst = function[v];
  if (inst.op == Op::Const) return exactly(inst.type, inst.imm);
  if (!is_integer(inst.type)) return {};
  if (inst.op == Op::Phi) {
    if (inst.operand_count == 0) return anything(inst.type);
    KnownBits k = of(function.operand(v, 0));
    for (size_t i = 1; i < inst.operand_count; i++) k = either(k, of(function.operand(v, i)));
    return k;
  }
  if (inst.op == Op::Select) return either(of(function.operand(v, 1)), of(function.operand(v, 2)));
  if (inst.op == Op::Zext) return normalized(of(function.operand(v, 0)), inst.type);
  if (inst.op == Op::Sext) {
    const ValueId x = function.operand(v, 0);
    const KnownBits k = of(x);
    return k.max <= all_bits(function[x].type) / 2 ? normalized(k, inst.type) : anything(inst.type);
  }
  if (inst.op == Op::Trunc) {
    KnownBits k = of(function.operand(v, 0));
    const uint64_t all = all_bits(inst.type);
    if (k.max > all) k.min = 0, k.max = all;
    k.ones &= all;
    return normalized(k, inst.type);
  }
  if (info_of(inst.op).result != ResultRule::Same || inst.operand_count != 2) return anything(inst.type);
  return normalized(binary(function, v, of(function.operand(v, 0)), of(function.operand(v, 1))), inst.type);
}

}  // namespace spile::ir
