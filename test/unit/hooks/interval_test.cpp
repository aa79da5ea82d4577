#include "runtime/hooks/interval.h"

#include <gtest/gtest.h>

namespace spile::hooks {
namespace {

using namespace std::chrono_literals;

TEST(ParseInterval, NumbersWithUnits) {
  EXPECT_EQ(parse_interval("1s"), 1s);
  EXPECT_EQ(parse_interval("100ms"), 100ms);
  EXPECT_EQ(parse_interval("5m"), 5min);
  EXPECT_EQ(parse_interval("7us"), 7us);
  EXPECT_EQ(parse_interval("9ns"), 9ns);
  EXPECT_EQ(parse_interval("2h"), 2h);
  EXPECT_EQ(parse_interval("50hz"), 20ms);
}

TEST(ParseInterval, EverythingElseIsAnErrorThatSaysWhy) {
  for (const char *text : {"", "s", "0s", "-1s", "1", "1.5s", "1x", "1 s", "1ss", "99999999999999999999s",
                           "9999999999h", "2000000000hz"}) {
    auto interval = parse_interval(text);
    ASSERT_FALSE(interval) << text;
    EXPECT_NE(interval.error().message.find(text), std::string::npos);
  }
}

}  // namespace
}  // namespace spile::hooks
