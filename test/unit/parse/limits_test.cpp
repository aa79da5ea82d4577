#include <gtest/gtest.h>

#include <random>

#include "test/unit/parse/parsed.h"

namespace spile::parse {

static std::string times(int n, std::string_view text) {
  std::string all;
  for (int i = 0; i < n; i++) all += text;
  return all;
}

// Whatever is nested or chained without end gives one named error, in time and without filling the stack.
TEST(Limits, Nesting) {
  const int n = 100'000;
  const std::string texts[] = {"int x = " + times(n, "("),
                               "void f(void)" + times(n, "{"),
                               "int " + times(n, "*") + "x;",
                               "int x = " + times(n, "- ") + "1;",
                               "int x = " + times(n, "1 + ") + "1;",
                               "int x = a" + times(n, "[0]") + ";",
                               "void f(int x) {" + times(n, "if (x) ; else ") + "; }",
                               "void f(int x) { switch (x) {" + times(n, "case 1: ") + "; } }",
                               "int x[] = " + times(n, "{"),
                               "int f(void) { return " + times(n, "({ 1 + "),
                               times(n, "struct {"),
                               "int " + times(n, "(") + "f",
                               "int f" + times(n, "(int g"),
                               "int x = " + times(n, "a ? b : ") + "c;",
                               "int x = " + times(n, "a = ") + "c;",
                               "int x = " + times(n, "sizeof ") + "c;",
                               "int x = " + times(n, "(int)") + "c;",
                               "void f(void) { x = " + times(n, "a, ") + "c; }",
                               times(n, "typeof(") + "int",
                               "enum { A = " + times(n, "sizeof(enum { A = "),
                               "int x = " + times(n, "_Generic(1, default: ") + "c;"};
  for (const std::string &text : texts) {
    const Parsed p(text);
    EXPECT_EQ(p.unit, nullptr);
    ASSERT_EQ(p.diagnostics.all().size(), 1u) << text.substr(0, 40);
    EXPECT_EQ(p.diagnostics.all()[0].info->name, "NestingTooDeep") << text.substr(0, 40);
  }
}

TEST(Limits, WhatPeopleWriteFits) {
  EXPECT_EQ(faults("int x = " + times(250, "(") + "1" + times(250, ")") + ";"), "");
  EXPECT_EQ(faults("int x = " + times(1000, "1 + ") + "1;"), "");
  EXPECT_EQ(faults("void f(int x) {" + times(400, "if (x) ; else ") + "; }"), "");
  EXPECT_EQ(faults("void f(int x) { switch (x) {" + times(1000, "case 1: ") + "; } }"), "");
  EXPECT_EQ(faults("int x[] = {" + times(100'000, "1, ") + "};"), "");
}

TEST(Limits, RandomTokens) {
  static constexpr std::string_view kPieces[] = {"int ",
                                                 "T ",
                                                 "typedef ",
                                                 "struct ",
                                                 "{",
                                                 "}",
                                                 "(",
                                                 ")",
                                                 "[",
                                                 "]",
                                                 ";",
                                                 ",",
                                                 ":",
                                                 "=",
                                                 "*",
                                                 "x ",
                                                 "y ",
                                                 "1 ",
                                                 "\"s\" ",
                                                 "if ",
                                                 "else ",
                                                 "for ",
                                                 "switch ",
                                                 "case ",
                                                 "return ",
                                                 "sizeof ",
                                                 "enum ",
                                                 "__attribute__((",
                                                 "asm ",
                                                 "goto ",
                                                 "do ",
                                                 "while ",
                                                 "_Generic(",
                                                 "?",
                                                 "+",
                                                 "...",
                                                 ".",
                                                 "->",
                                                 "&&",
                                                 "typeof(",
                                                 "default ",
                                                 "\n#pragma unroll\n",
                                                 "_Static_assert(",
                                                 "_Atomic "};
  std::mt19937 random(7);
  for (int round = 0; round < 4000; round++) {
    std::string text = "typedef int T; void f(void) { ";
    for (size_t n = random() % 60; n > 0; n--) text += kPieces[random() % std::size(kPieces)];
    const Parsed p(text);
    ASSERT_EQ(p.unit == nullptr, p.diagnostics.has_errors()) << text;
  }
}

}  // namespace spile::parse
