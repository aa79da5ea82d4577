#include "runtime/hooks/words.h"

#include <gtest/gtest.h>

namespace spile::hooks {
namespace {

using Words = std::vector<std::string>;

Words split(std::string_view command) {
  auto words = split_words(command);
  EXPECT_TRUE(words) << command;
  return words ? *words : Words{};
}

TEST(SplitWords, BlanksSeparate) {
  EXPECT_EQ(split("ls -l  /tmp"), (Words{"ls", "-l", "/tmp"}));
  EXPECT_EQ(split("  ls\t-l\n"), (Words{"ls", "-l"}));
}

TEST(SplitWords, QuotesHoldTogetherAndAreRemoved) {
  EXPECT_EQ(split("sh -c 'sleep 60 & kill -9 $!'"), (Words{"sh", "-c", "sleep 60 & kill -9 $!"}));
  EXPECT_EQ(split(R"(echo "a \"b\" \n" 'c "d"' '' x"y"'z')"), (Words{"echo", R"(a "b" \n)", R"(c "d")", "", "xyz"}));
}

TEST(SplitWords, BackslashesEscape) {
  EXPECT_EQ(split(R"(a\ b \'c '\d')"), (Words{"a b", "'c", "\\d"}));
  EXPECT_EQ(split("a\\\nb"), (Words{"ab"}));
}

TEST(SplitWords, WhatIsNotClosedIsAnError) {
  for (const char *command : {"", "   ", "echo 'a", "echo \"a", "echo a\\"}) {
    auto words = split_words(command);
    ASSERT_FALSE(words) << command;
    EXPECT_EQ(words.error().kind, Error::Kind::Usage);
  }
}

}  // namespace
}  // namespace spile::hooks
