// Numbers with a precision: {fmt} asks ceil(3) how many digits there are, and that is ours (support/ceil.cpp).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <limits>

namespace spile {
namespace {

TEST(Fmt, PrecisionIsThatOfPrintf) {
  for (int exponent = -300; exponent <= 300; exponent += 7)
    for (const double digits : {1.0, 9.9949999, 9.995, 2.5, 6.0221}) {
      const double number = digits * std::pow(10.0, exponent);
      char expected[64];
      std::snprintf(expected, sizeof expected, "%.2e", number);
      EXPECT_EQ(fmt::format("{:.2e}", number), expected);
    }
}

TEST(Fmt, CeilIsThatOfTheStandard) {
  double (*volatile ceil_of)(double) = ::ceil;  // asked when it runs, not when it is compiled
  EXPECT_EQ(ceil_of(1.25), 2.0);
  EXPECT_EQ(ceil_of(-1.25), -1.0);
  EXPECT_EQ(ceil_of(-3.0), -3.0);
  EXPECT_TRUE(std::signbit(ceil_of(-0.5)));
  EXPECT_EQ(ceil_of(0x1p52 - 0.5), 0x1p52);
  EXPECT_EQ(ceil_of(-0x1.8p60), -0x1.8p60);
  EXPECT_EQ(ceil_of(std::numeric_limits<double>::infinity()), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(ceil_of(std::numeric_limits<double>::quiet_NaN())));
}

}  // namespace
}  // namespace spile
