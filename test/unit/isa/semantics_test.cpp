// The corners of RFC 9669 that C does not define or that differ between widths. The conformance vectors
// (test/conformance) and the engines' differential tests check the rest against other implementations.
#include "backend/isa/semantics.h"

#include <gtest/gtest.h>

namespace spile::isa {
namespace {

constexpr uint64_t kMin64 = 1ull << 63;
constexpr uint64_t kMinusOne = ~0ull;

TEST(Semantics, DivisionByZero) {
  for (const unsigned bits : {32u, 64u}) {
    EXPECT_EQ(alu(Alu::Div, bits, 9, 0), 0u);
    EXPECT_EQ(alu(Alu::SDiv, bits, 9, 0), 0u);
    EXPECT_EQ(alu(Alu::Mod, bits, 9, 0), 9u);
    EXPECT_EQ(alu(Alu::SMod, bits, 9, 0), 9u);
  }
  EXPECT_EQ(alu(Alu::Mod, 32, 0xffff'ffff'0000'0009, 0), 9u) << "the upper half of a 32-bit result is zero";
  EXPECT_EQ(alu(Alu::Div, 32, 5, 0xffff'ffff'0000'0000), 0u) << "only the lower half of the divisor counts";
}

TEST(Semantics, SignedDivisionOverflow) {
  EXPECT_EQ(alu(Alu::SDiv, 64, kMin64, kMinusOne), kMin64);
  EXPECT_EQ(alu(Alu::SMod, 64, kMin64, kMinusOne), 0u);
  EXPECT_EQ(alu(Alu::SDiv, 32, 0x8000'0000, kMinusOne), 0x8000'0000u);
  EXPECT_EQ(alu(Alu::SMod, 32, 0x8000'0000, kMinusOne), 0u);
  EXPECT_EQ(static_cast<int64_t>(alu(Alu::SMod, 64, static_cast<uint64_t>(-13), 3)), -1) << "the sign of the dividend";
}

TEST(Semantics, ShiftCountsAreMasked) {
  EXPECT_EQ(alu(Alu::Lsh, 64, 1, 64), 1u);
  EXPECT_EQ(alu(Alu::Lsh, 32, 1, 63), 0x8000'0000u);
  EXPECT_EQ(alu(Alu::Arsh, 32, 0x8000'0000, 31), 0xffff'ffffu);
}

TEST(Semantics, ByteOrderAndSignExtension) {
  EXPECT_EQ(alu(Alu::Be32, 64, 0xaabb'ccdd'1122'3344, 0), 0x4433'2211u);
  EXPECT_EQ(alu(Alu::Le32, 64, 0xaabb'ccdd'1122'3344, 0), 0x1122'3344u);
  EXPECT_EQ(alu(Alu::Swap64, 64, 0x1122'3344'5566'7788, 0), 0x8877'6655'4433'2211u);
  EXPECT_EQ(alu(Alu::MovS16, 32, 0, 0x8000), 0xffff'8000u);
  EXPECT_EQ(alu(Alu::MovS16, 64, 0, 0x8000), 0xffff'ffff'ffff'8000u);
  EXPECT_EQ(extend(Extend::Sign, 8, 0x80), 0xffff'ffff'ffff'ff80u);
}

TEST(Semantics, Conditions) {
  EXPECT_TRUE(holds(Cond::Sgt, 64, 0, kMinusOne));
  EXPECT_FALSE(holds(Cond::Gt, 64, 0, kMinusOne));
  EXPECT_TRUE(holds(Cond::Eq, 32, 0x1'0000'0005, 5));
  EXPECT_FALSE(holds(Cond::Set, 32, 0x1'0000'0000, 0x1'0000'0000));
  for (const Cond cond :
       {Cond::Eq, Cond::Gt, Cond::Ge, Cond::Ne, Cond::Sgt, Cond::Sge, Cond::Lt, Cond::Le, Cond::Slt, Cond::Sle})
    for (const uint64_t a : {uint64_t{0}, uint64_t{1}, kMin64, kMinusOne})
      for (const uint64_t b : {uint64_t{0}, uint64_t{1}, kMin64, kMinusOne}) {
        EXPECT_NE(holds(cond, 64, a, b), holds(inverse(cond), 64, a, b));
        EXPECT_EQ(holds(cond, 64, a, b), holds(swapped(cond), 64, b, a));
      }
}

TEST(Semantics, Atomics) {
  const AtomicEffect add = atomic(Atomic::FetchAdd, 32, 0xffff'ffff, 2, 7);
  EXPECT_EQ(add.memory, 1u);
  EXPECT_EQ(add.src, 0xffff'ffffu);
  EXPECT_EQ(add.r0, 7u);
  const AtomicEffect equal = atomic(Atomic::Cmpxchg, 32, 5, 9, 0x1'0000'0005);
  EXPECT_EQ(equal.memory, 9u) << "32-bit cmpxchg compares the lower half of r0";
  EXPECT_EQ(equal.r0, 5u);
  const AtomicEffect different = atomic(Atomic::Cmpxchg, 64, 5, 9, 0x1'0000'0005);
  EXPECT_EQ(different.memory, 5u);
  EXPECT_EQ(different.r0, 5u);
}

}  // namespace
}  // namespace spile::isa
