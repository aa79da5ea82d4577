#include <gtest/gtest.h>

#include "test/unit/parse/parsed.h"

namespace spile::parse {

struct Case {
  const char *text;
  const char *faults;
};
class SyntaxFaults : public testing::TestWithParam<Case> {};

TEST_P(SyntaxFaults, AreNamedOnceWhereTheyAre) { EXPECT_EQ(faults(GetParam().text), GetParam().faults); }

INSTANTIATE_TEST_SUITE_P(
    Everyday, SyntaxFaults,
    testing::Values(
        Case{"int f(int x) {\n  int y = x + 1\n  return y;\n}", "ExpectedAfter 2:16"},
        Case{"int f(void) {\n  return 0\n}", "ExpectedAfter 2:11"},
        Case{"int f(int x) { if (x > 3 { return 1; } return 0; }", "ExpectedAfter 1:25"},
        Case{"void f(int x) {\n  g(x, 3;\n  g(x));\n}", "ExpectedAfter 2:9; UnexpectedToken 3:7"},
        Case{"void f(void) { a[0; }", "ExpectedAfter 1:19"}, Case{"u32 a; u32 b;", "UnknownTypeName 1:1"},
        Case{"void f(void) { u32 a; u32 b; }", "UnknownTypeName 1:16"},
        Case{"int f(u64 z) { return z; }", "UnknownTypeName 1:7"},
        Case{"int f(int x) { return (u8)x; }", "UnknownTypeName 1:24"},
        Case{"struct s { foo_t a; int b; };", "UnknownTypeName 1:12"},
        Case{"void f(void) { while (1) {\n}\nint g;", "UnclosedBrace 3:7"},
        Case{"void f(void) { }\n}\nint g;", "StrayClosingBrace 2:1"},
        Case{"void f(void) { else return; }", "ElseWithoutIf 1:16"},
        Case{"int f(a, b) int a; { return 0; }\nint g;", "OldStyleParameters 1:7"},
        Case{"SEC(\"x\") int f(void) { return 0; }\nint g;", "NotADeclaration 1:1"},
        Case{"if (x) y = 2;\nint g;", "StatementOutsideFunction 1:1"},
        Case{"struct s { int a int b; }; int x;", "ExpectedAfter 1:17"},
        Case{"enum e { A, B C };", "ExpectedAfter 1:14"},
        Case{"void f(void) { int g(int q) { return q; } }", "NestedFunction 1:20"},
        Case{"void f(int x) { switch (x) { case 1 return; } }", "ExpectedAfter 1:36"},
        Case{"void f(void) { goto ; }", "ExpectedFound 1:21"},
        Case{"int f(void) { return 3 +; }", "ExpectedFound 1:25"}, Case{"void f(void) { 3: ; }", "NotALabel 1:16"},
        Case{"int f(int, ..., int);", "EllipsisNotLast 1:12"}, Case{"struct s a = { 1 + 1: 2 };", "NotAField 1:16"},
        Case{"void f(int x) {\n#pragma unroll\nx++; }", "UnrollWithoutLoop 2:1"},
        Case{"void f(int x) { asm(\"\" : \"r\"); }", "BadAsmSection 1:26"}, Case{"int x =", "ExpectedFound 1:8"}));

// Independent faults give independent messages, and none is caused by another.
TEST(Recovery, TenFaultsTenMessages) {
  const Parsed p(
      "u32 a;\nint f1(void) { return 1 }\nint f2(int x) { if (x { } return x; }\nstruct s { int a int b; };\n"
      "int f3(void) { x = ; return 0; }\nint f4(void) { foo(1, ; return 0; }\nint f5(void) { int x y; return 0; }\n"
      "enum e { A B };\nint f6(void) { return a[1; }\nint f7(void) { do x; while (1) return 0; }\nint good;\n");
  EXPECT_EQ(p.diagnostics.error_count(), 10u) << p.faults();
}

TEST(Recovery, HintsAndFixes) {
  const Parsed p("__u32 a;\nint f(void) { return 1 }");
  ASSERT_EQ(p.diagnostics.all().size(), 2u) << p.faults();
  EXPECT_FALSE(p.diagnostics.all()[0].hints.empty());
  ASSERT_EQ(p.diagnostics.all()[1].fixits.size(), 1u);
  EXPECT_EQ(p.diagnostics.all()[1].fixits[0].with, ";");
}

TEST(Recovery, StopsAfterTheAllowedNumber) {
  std::string text;
  for (int i = 0; i < 1000; i++) text += "int f" + std::to_string(i) + "(void) { return 1 +; }\n";
  const Parsed p(text);
  EXPECT_EQ(p.diagnostics.all().size(), 20u);
}

}  // namespace spile::parse
