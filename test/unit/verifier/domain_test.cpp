// Soundness of the scalar domain against what the operations mean (backend/isa/semantics.h): a result of concrete
// numbers must lie in the abstract result of any sets that hold them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "backend/isa/insn.h"
#include "backend/isa/semantics.h"
#include "verifier/domain/scalar.h"

namespace spile::verifier {
namespace {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  uint64_t bits() { return engine_(); }
  unsigned below(unsigned n) { return static_cast<unsigned>(engine_() % n); }
  // Numbers near the edges as often as any.
  uint64_t number() {
    static constexpr uint64_t kEdges[] = {0,
                                          1,
                                          2,
                                          7,
                                          0x7f,
                                          0x80,
                                          0xff,
                                          0x7fff,
                                          0x8000,
                                          0x7fff'ffff,
                                          0x8000'0000,
                                          0xffff'ffff,
                                          0x1'0000'0000,
                                          0x7fff'ffff'ffff'ffff,
                                          0x8000'0000'0000'0000,
                                          ~0ull};
    uint64_t n = below(3) == 0 ? kEdges[below(std::size(kEdges))] : bits() >> below(64);
    if (below(4) == 0) n = 0 - n;
    return n + below(3) - 1;
  }
  // A scalar that holds [inside], known through bits, ranges or both.
  Scalar around(uint64_t inside) {
    Scalar s;
    if (below(2) == 0) {
      const uint64_t mask = bits() >> below(64);
      s.bits = {inside & ~mask, mask};
    }
    const auto widen = [&](auto &low, auto &high, auto v) {
      using T = decltype(v);
      const T other = static_cast<T>(number());
      if (below(2) == 0) low = std::min(v, other);
      if (below(2) == 0) high = std::max(v, other);
    };
    widen(s.r64.umin, s.r64.umax, inside);
    widen(s.r64.smin, s.r64.smax, static_cast<int64_t>(inside));
    widen(s.r32.umin, s.r32.umax, static_cast<uint32_t>(inside));
    widen(s.r32.smin, s.r32.smax, static_cast<int32_t>(inside));
    if (below(8) == 0) s = Scalar::constant(inside);
    return s;
  }

 private:
  std::mt19937_64 engine_;
};

// SPILE_DOMAIN_ROUNDS asks for more.
const int kRounds = [] {
  const char *text = std::getenv("SPILE_DOMAIN_ROUNDS");
  return text != nullptr ? std::atoi(text) : 200'000;
}();

std::string show(const Scalar &s) { return ranges_text(s, " "); }

TEST(Tnum, OperationsAreExhaustivelySoundAtFiveBits) {
  // Every pair of tnums of 5 bits, every pair of members.
  constexpr uint64_t kAll = 32;
  std::vector<Tnum> all;
  for (uint64_t mask = 0; mask < kAll; mask++)
    for (uint64_t value = 0; value < kAll; value++)
      if ((value & mask) == 0) all.push_back({value, mask});
  ASSERT_EQ(all.size(), 243u);
  for (Tnum a : all)
    for (Tnum b : all) {
      const Tnum sum = add(a, b), difference = sub(a, b), product = mul(a, b), conj = bit_and(a, b),
                 disj = bit_or(a, b), exclusive = bit_xor(a, b);
      for (uint64_t x = 0; x < kAll; x++)
        for (uint64_t y = 0; y < kAll; y++) {
          if (!a.contains(x) || !b.contains(y)) continue;
          ASSERT_TRUE(sum.contains(x + y) && difference.contains(x - y) && product.contains(x * y) &&
                      conj.contains(x & y) && disj.contains(x | y) && exclusive.contains(x ^ y));
        }
    }
}

TEST(Tnum, StepsToTheNextMember) {
  constexpr uint64_t kEnd = 1u << 6;
  for (uint64_t mask = 0; mask < kEnd; mask++)
    for (uint64_t value = 0; value < kEnd; value++) {
      if ((value & mask) != 0) continue;
      const Tnum t{value, mask};
      for (uint64_t x = 0; x < kEnd; x++) {
        uint64_t next = x + 1;
        while (next < kEnd && !t.contains(next)) next++;
        ASSERT_EQ(t.next_after(x), next < kEnd ? next : t.largest()) << value << " mask " << mask << " after " << x;
      }
    }
}

TEST(Scalar, SyncLosesNoMember) {
  Random random(1);
  for (int i = 0; i < kRounds; i++) {
    const uint64_t x = random.number();
    Scalar s = random.around(x);
    const Scalar before = s;
    s.sync();
    ASSERT_TRUE(s.contains(x)) << x << " was in" << show(before) << ", is not in" << show(s);
  }
}

TEST(Scalar, ArithmeticIsSound) {
  struct Op {
    uint8_t op;
    isa::Alu meaning;
  };
  static constexpr Op kOps[] = {{isa::ADD, isa::Alu::Add}, {isa::SUB, isa::Alu::Sub},  {isa::MUL, isa::Alu::Mul},
                                {isa::DIV, isa::Alu::Div}, {isa::OR, isa::Alu::Or},    {isa::AND, isa::Alu::And},
                                {isa::LSH, isa::Alu::Lsh}, {isa::RSH, isa::Alu::Rsh},  {isa::MOD, isa::Alu::Mod},
                                {isa::XOR, isa::Alu::Xor}, {isa::ARSH, isa::Alu::Arsh}};
  Random random(2);
  for (int i = 0; i < kRounds; i++) {
    const Op op = kOps[random.below(std::size(kOps))];
    const bool alu32 = random.below(2) == 0;
    const uint64_t x = random.number(), y = random.below(3) == 0 ? random.below(64) : random.number();
    Scalar a = random.around(x), b = random.around(y);
    a.sync();
    b.sync();
    const Scalar r = alu(op.op, alu32, a, b);
    const uint64_t result = alu32 ? isa::alu(op.meaning, 32, x, y) : isa::alu(op.meaning, 64, x, y);
    ASSERT_TRUE(r.contains(result)) << int{op.op} << (alu32 ? " 32-bit " : " ") << x << ", " << y << " = " << result
                                    << " from" << show(a) << " and" << show(b) << " gives" << show(r);
  }
}

TEST(Scalar, ExtensionsAreSound) {
  Random random(3);
  for (int i = 0; i < kRounds; i++) {
    const uint64_t x = random.number();
    Scalar s = random.around(x);
    s.sync();
    const unsigned order = 16u << random.below(3);
    ASSERT_TRUE(byte_order(s, order, true).contains(isa::byte_swap(order, x)));
    ASSERT_TRUE(byte_order(s, order, false).contains(isa::low_bits(x, order)));
    const unsigned bytes = 1u << random.below(3);
    Scalar zero = s, sign = s, low = s;
    zero.truncate(bytes);
    sign.sign_extend(bytes);
    ASSERT_TRUE(zero.contains(isa::low_bits(x, bytes * 8)));
    ASSERT_TRUE(sign.contains(static_cast<uint64_t>(isa::sign_extend(x, bytes * 8))))
        << x << show(s) << " gives" << show(sign);
    if (bytes == 4) continue;
    low.sign_extend_subreg(bytes);
    low.zero_extend_32();
    low.sync();
    ASSERT_TRUE(low.contains(static_cast<uint32_t>(isa::sign_extend(x, bytes * 8))))
        << x << show(s) << " gives" << show(low);
  }
}

TEST(Scalar, BranchesAreSound) {
  struct Op {
    uint8_t op;
    isa::Cond meaning;
  };
  static constexpr Op kOps[] = {{isa::JEQ, isa::Cond::Eq},   {isa::JGT, isa::Cond::Gt},  {isa::JGE, isa::Cond::Ge},
                                {isa::JSET, isa::Cond::Set}, {isa::JNE, isa::Cond::Ne},  {isa::JSGT, isa::Cond::Sgt},
                                {isa::JSGE, isa::Cond::Sge}, {isa::JLT, isa::Cond::Lt},  {isa::JLE, isa::Cond::Le},
                                {isa::JSLT, isa::Cond::Slt}, {isa::JSLE, isa::Cond::Sle}};
  Random random(4);
  for (int i = 0; i < kRounds; i++) {
    const Op op = kOps[random.below(std::size(kOps))];
    const bool jump32 = random.below(2) == 0;
    const uint64_t x = random.number(), y = random.below(3) == 0 ? x : random.number();
    Scalar a = random.around(x), b = random.around(y);
    a.sync();
    b.sync();
    const bool holds = isa::holds(op.meaning, jump32 ? 32 : 64, x, y);
    if (const auto decided = branch_taken(op.op, jump32, a, b)) {
      ASSERT_EQ(*decided, holds) << x << " and " << y << " in" << show(a) << " and" << show(b);
    }
    const Scalar before_a = a, before_b = b;
    refine(op.op, jump32, holds, a, b);
    ASSERT_TRUE(a.contains(x) && b.contains(y))
        << int{op.op} << (jump32 ? " 32-bit " : " ") << holds << ": " << x << " and " << y << " in" << show(before_a)
        << " and" << show(before_b) << " became" << show(a) << " and" << show(b);
  }
}

TEST(Scalar, KnowsProductsWithASignAndSumsThatAllWrap) {
  Scalar factor;
  factor.r64 = {0, 255, 0, 255};
  factor.sync();
  const Scalar product = alu(isa::MUL, false, factor, Scalar::constant(static_cast<uint64_t>(-3)));
  EXPECT_EQ(product.r64.smin, -765);
  EXPECT_EQ(product.r64.smax, 0);
  Scalar high;
  high.r64 = {INT64_MIN, INT64_MIN + 255, 1ull << 63, (1ull << 63) + 255};
  high.sync();
  const Scalar sum = alu(isa::ADD, false, high, high);
  EXPECT_EQ(sum.r64.umin, 0u);
  EXPECT_EQ(sum.r64.umax, 510u);
}

TEST(Scalar, KnowsWhatItShould) {
  // Zero or eight, and not below three.
  Scalar eight;
  eight.bits = {0, 8};
  eight.r64.umin = 3;
  eight.sync();
  EXPECT_TRUE(eight.is_const());
  EXPECT_EQ(eight.const_value(), 8u);
  Scalar byte;
  byte.truncate(1);
  EXPECT_EQ(byte.r64.umax, 255u);
  Scalar index = alu(isa::MUL, false, byte, Scalar::constant(8));
  EXPECT_EQ(index.r64.umax, 2040u);
  EXPECT_EQ(index.bits, (Tnum{0, 0x7f8}));
  Scalar length, limit = Scalar::constant(100);
  refine(isa::JLT, false, true, length, limit);
  EXPECT_EQ(length.r64.umax, 99u);
  EXPECT_EQ(length.r64.smin, 0);
}

}  // namespace
}  // namespace spile::verifier
