// The operations of tnums hold for all numbers of 64 bits: proved by Z3 of formulas that are written twice as general
// as the code, in one text for numbers and for Z3's terms; that the text is the code's, numbers show.
#include <gtest/gtest.h>
#include <z3++.h>

#include <random>

#include "verifier/domain/tnum.h"

namespace spile::proofs {
namespace {

using verifier::Tnum;

// A tnum of words W, and the operations of verifier/domain/tnum.h on it.
template <class W>
struct Twin {
  W value, mask;
};

struct Add {
  template <class W>
  static Twin<W> abstract(const Twin<W> &a, const Twin<W> &b) {
    const W masks = a.mask + b.mask, values = a.value + b.value;
    const W unknown = ((masks + values) ^ values) | a.mask | b.mask;
    return {values & ~unknown, unknown};
  }
  static Tnum code(Tnum a, Tnum b) { return verifier::add(a, b); }
  template <class W>
  static W concrete(const W &x, const W &y) {
    return x + y;
  }
};
struct Sub {
  template <class W>
  static Twin<W> abstract(const Twin<W> &a, const Twin<W> &b) {
    const W difference = a.value - b.value;
    const W unknown = ((difference + a.mask) ^ (difference - b.mask)) | a.mask | b.mask;
    return {difference & ~unknown, unknown};
  }
  static Tnum code(Tnum a, Tnum b) { return verifier::sub(a, b); }
  template <class W>
  static W concrete(const W &x, const W &y) {
    return x - y;
  }
};
struct And {
  template <class W>
  static Twin<W> abstract(const Twin<W> &a, const Twin<W> &b) {
    const W ones = a.value & b.value;
    return {ones, (a.value | a.mask) & (b.value | b.mask) & ~ones};
  }
  static Tnum code(Tnum a, Tnum b) { return verifier::bit_and(a, b); }
  template <class W>
  static W concrete(const W &x, const W &y) {
    return x & y;
  }
};
struct Or {
  template <class W>
  static Twin<W> abstract(const Twin<W> &a, const Twin<W> &b) {
    const W ones = a.value | b.value;
    return {ones, (a.mask | b.mask) & ~ones};
  }
  static Tnum code(Tnum a, Tnum b) { return verifier::bit_or(a, b); }
  template <class W>
  static W concrete(const W &x, const W &y) {
    return x | y;
  }
};
struct Xor {
  template <class W>
  static Twin<W> abstract(const Twin<W> &a, const Twin<W> &b) {
    const W unknown = a.mask | b.mask;
    return {(a.value ^ b.value) & ~unknown, unknown};
  }
  static Tnum code(Tnum a, Tnum b) { return verifier::bit_xor(a, b); }
  template <class W>
  static W concrete(const W &x, const W &y) {
    return x ^ y;
  }
};

// Of one set or the other.
template <class W>
Twin<W> either(const Twin<W> &a, const Twin<W> &b) {
  const W unknown = a.mask | b.mask | (a.value ^ b.value);
  return {a.value & b.value & ~unknown, unknown};
}

Tnum any_tnum(std::mt19937_64 &random) {
  const uint64_t mask = random() >> random() % 64 << random() % 64;
  return Tnum{(random() >> random() % 64) & ~mask, mask};
}

template <class Operation>
class TnumProof : public testing::Test {};
using Operations = testing::Types<Add, Sub, And, Or, Xor>;
TYPED_TEST_SUITE(TnumProof, Operations);

TYPED_TEST(TnumProof, HoldsEveryResultAt64Bits) {
  z3::context c;
  const auto word = [&](const char *name) { return c.bv_const(name, 64); };
  const Twin<z3::expr> a{word("a.value"), word("a.mask")}, b{word("b.value"), word("b.mask")};
  const z3::expr x = word("x"), y = word("y"), zero = c.bv_val(0, 64);
  const auto holds = [&](const Twin<z3::expr> &t, const z3::expr &n) { return ((n ^ t.value) & ~t.mask) == zero; };
  const Twin<z3::expr> result = TypeParam::abstract(a, b);
  z3::solver solver(c);
  solver.add((a.value & a.mask) == zero && (b.value & b.mask) == zero && holds(a, x) && holds(b, y));
  solver.add(!holds(result, TypeParam::concrete(x, y)) || (result.value & result.mask) != zero);
  EXPECT_EQ(solver.check(), z3::unsat);
}

TYPED_TEST(TnumProof, TheFormulaIsTheCode) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 1'000'000; i++) {
    const Tnum a = any_tnum(random), b = any_tnum(random), code = TypeParam::code(a, b);
    const Twin<uint64_t> twin = TypeParam::abstract(Twin<uint64_t>{a.value, a.mask}, Twin<uint64_t>{b.value, b.mask});
    ASSERT_EQ(code, (Tnum{twin.value, twin.mask}));
  }
}

// Multiplication is a loop over the bits of [a]. With the number n of a, t of b and s of the sum so far, one turn keeps
// s + n * t what it is and keeps each number in its tnum; n is 0 where nothing of a is left. So s is then the product.
struct Turn {
  template <class W>
  struct Sums {
    Twin<W> with_certain_one, with_unknown_bit;
  };
  template <class W>
  static Sums<W> abstract(const Twin<W> &sum, const Twin<W> &b) {
    const Twin<W> more = Add::abstract(sum, b);
    return {more, either(sum, more)};
  }
};

TEST(TnumMultiplication, ATurnKeepsEachNumberInItsTnumAt64Bits) {
  z3::context c;
  const auto word = [&](const char *name) { return c.bv_const(name, 64); };
  const z3::expr zero = c.bv_val(0, 64), one = c.bv_val(1, 64);
  const auto is_tnum = [&](const Twin<z3::expr> &t) { return (t.value & t.mask) == zero; };
  const auto holds = [&](const Twin<z3::expr> &t, const z3::expr &n) {
    return is_tnum(t) && ((n ^ t.value) & ~t.mask) == zero;
  };
  const Twin<z3::expr> a{word("a.value"), word("a.mask")}, b{word("b.value"), word("b.mask")},
      sum{word("sum.value"), word("sum.mask")};
  const z3::expr n = word("n"), t = word("t"), s = word("s");
  const auto [certain, unknown] = Turn::abstract(sum, b);
  const auto choose = [&](const z3::expr &yes, const z3::expr &maybe, const z3::expr &no) {
    return z3::ite((a.value & one) == one, yes, z3::ite((a.mask & one) == one, maybe, no));
  };
  const Twin<z3::expr> next_sum{choose(certain.value, unknown.value, sum.value),
                                choose(certain.mask, unknown.mask, sum.mask)},
      next_a{z3::lshr(a.value, 1), z3::lshr(a.mask, 1)}, next_b{z3::shl(b.value, 1), z3::shl(b.mask, 1)};
  const z3::expr next_s = s + z3::ite((n & one) == one, t, zero);
  z3::solver solver(c);
  solver.add(holds(a, n) && holds(b, t) && holds(sum, s));
  EXPECT_EQ(solver.check(), z3::sat) << "what is assumed contradicts itself";
  solver.push();
  solver.add(!holds(next_sum, next_s) || !holds(next_a, z3::lshr(n, 1)) || !holds(next_b, z3::shl(t, 1)));
  EXPECT_EQ(solver.check(), z3::unsat);
  solver.pop();
  solver.add(a.value == zero && a.mask == zero && n != zero);
  EXPECT_EQ(solver.check(), z3::unsat) << "the loop ends before the number does";
}

// s + (n & 1 ? t : 0) + (n >> 1) * (t << 1) == s + n * t: n is 2h + l, and the rest is arithmetic of any ring.
TEST(TnumMultiplication, ATurnKeepsTheProductAt64Bits) {
  z3::context c;
  const z3::expr n = c.bv_const("n", 64), t = c.bv_const("t", 64), s = c.bv_const("s", 64), h = c.bv_const("h", 64),
                 l = c.bv_const("l", 64), one = c.bv_val(1, 64), two = c.bv_val(2, 64), zero = c.bv_val(0, 64);
  z3::solver halves(c);
  halves.add(n != two * z3::lshr(n, 1) + (n & one) || z3::shl(t, 1) != two * t);
  EXPECT_EQ(halves.check(), z3::unsat);
  z3::solver bit(c);
  bit.add((l == zero || l == one) && l * t != z3::ite(l == one, t, zero));
  EXPECT_EQ(bit.check(), z3::unsat);
  z3::params sums(c);
  sums.set("som", true);  // sums of products: one form for equal polynomials
  const z3::expr difference = (s + l * t + h * (two * t) - (s + (two * h + l) * t)).simplify(sums);
  EXPECT_TRUE(z3::eq(difference, zero)) << difference;
}

TEST(TnumMultiplication, TheTurnsAreTheCode) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 300'000; i++) {
    const Tnum x = any_tnum(random), y = any_tnum(random);
    Twin<uint64_t> a{x.value, x.mask}, b{y.value, y.mask}, sum{0, 0};
    for (; (a.value | a.mask) != 0; a = {a.value >> 1, a.mask >> 1}, b = {b.value << 1, b.mask << 1}) {
      const auto [certain, unknown] = Turn::abstract(sum, b);
      sum = (a.value & 1) != 0 ? certain : (a.mask & 1) != 0 ? unknown : sum;
    }
    ASSERT_EQ(verifier::mul(x, y), (Tnum{sum.value, sum.mask}));
  }
}

}  // namespace
}  // namespace spile::proofs
