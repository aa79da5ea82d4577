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
  const auto any = [&] {
    const uint64_t mask = random() >> random() % 64 << random() % 64;
    return Tnum{(random() >> random() % 64) & ~mask, mask};
  };
  for (int i = 0; i < 1'000'000; i++) {
    const Tnum a = any(), b = any(), code = TypeParam::code(a, b);
    const Twin<uint64_t> twin = TypeParam::abstract(Twin<uint64_t>{a.value, a.mask}, Twin<uint64_t>{b.value, b.mask});
    ASSERT_EQ(code, (Tnum{twin.value, twin.mask}));
  }
}

}  // namespace
}  // namespace spile::proofs
