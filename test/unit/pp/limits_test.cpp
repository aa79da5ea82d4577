#include <gtest/gtest.h>

#include <random>

#include "test/unit/pp/preprocessed.h"

namespace spile::pp {

static std::string times(int n, std::string_view text) {
  std::string all;
  for (int i = 0; i < n; i++) all += text;
  return all;
}

TEST(Limits, MacrosThatDouble) {
  std::string text = "#define A0 x x\n";
  for (int i = 1; i < 64; i++)
    text += "#define A" + std::to_string(i) + " A" + std::to_string(i - 1) + " A" + std::to_string(i - 1) + "\n";
  EXPECT_EQ(faults(text + "A63"), "TooMuchExpansion");
}

TEST(Limits, NestedMacroCalls) {
  const int n = 20'000;
  const std::string named = faults("#define F(x) x\n" + times(n, "F(") + "1" + times(n, ")"));
  EXPECT_TRUE(named == "TooMuchExpansion" || named == "MacroTooDeep") << named;
}

TEST(Limits, Conditions) {
  EXPECT_EQ(faults("#if " + times(100'000, "(") + "\n#endif"), "ConditionTooDeep");
  EXPECT_EQ(faults("#if " + times(100'000, "!") + "1\n#endif"), "ConditionTooDeep");
  EXPECT_EQ(faults("#if " + times(100'000, "1 ? ") + "1\n#endif"), "ConditionTooDeep");
}

TEST(Limits, ManySplicesTakeLinearTime) { EXPECT_EQ(faults(times(300'000, "+\\\n")), ""); }

TEST(Limits, RandomBytesAndRandomTokens) {
  std::mt19937 random(1);
  static constexpr std::string_view kPieces[] = {
      "#",     "##", "define ", "F",    "(",  ")",  ",", "\n",      "x",      "__VA_ARGS__", "...", "if ",
      "endif", "\"", "'",       "\\\n", "/*", "*/", "1", "defined", "else\n", "_Pragma",     " "};
  for (int round = 0; round < 3000; round++) {
    std::string text;
    const size_t length = random() % 200;
    while (text.size() < length) {
      if (round % 2 == 0) {
        text += static_cast<char>(random());
      } else {
        text += kPieces[random() % std::size(kPieces)];
      }
    }
    const Preprocessed p(text);
    ASSERT_EQ(p.tokens.list.back().kind, TokenKind::EndOfFile);
  }
}

}  // namespace spile::pp
