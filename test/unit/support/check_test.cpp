#include "support/check.h"

#include <gtest/gtest.h>

namespace spile::test {
namespace {

// Scripts tell a bug of Spile from a fault of a program by this number, as sysexits.h has it (EX_SOFTWARE).
TEST(CheckDeathTest, WhatMustHoldAndDoesNotEndsWithStatus70AndItsPlace) {
  const int two = 2;
  SPILE_CHECK(two == 2, "nothing happens");
  EXPECT_EXIT(SPILE_CHECK(two == 3, "two is three"), testing::ExitedWithCode(70),
              "internal error: two is three \\(two == 3\\) at .*check_test.cpp:[0-9]+\nspile: this is a bug of Spile");
}

}  // namespace
}  // namespace spile::test
