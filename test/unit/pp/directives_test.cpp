#include <gtest/gtest.h>

#include "test/unit/pp/preprocessed.h"

namespace spile::pp {

TEST(Conditions, GroupsAndNesting) {
  EXPECT_EQ(expand("#if 0\na\n#elif 1\nb\n#elif 1\nc\n#else\nd\n#endif\ne"), "b e");
  EXPECT_EQ(expand("#ifdef X\na\n#if 1\nb\n#else\nc\n#endif\n#else\nd\n#endif"), "d");
  EXPECT_EQ(expand("#define X\n#ifndef X\na\n#else\nb\n#endif"), "b");
  EXPECT_EQ(expand("#if 0\n it's \"prose\n/* #endif */\n#unknown\n#endif\nx"), "x");
}

TEST(Conditions, Expressions) {
  const auto value = [](std::string condition) { return expand("#if " + condition + "\n1\n#else\n0\n#endif"); };
  EXPECT_EQ(value("1 + 2 * 3 == 7 && (4 | 3) == 7 && 7 / 2 == 3 && 7 % 4 == 3"), "1");
  EXPECT_EQ(value("-1 > 0u"), "1");
  EXPECT_EQ(value("-1 < 0"), "1");
  EXPECT_EQ(value("(2 ? 3 : 4) == 3 && !0 && ~0 == -1"), "1");
  EXPECT_EQ(value("'a' == 97 && '\\n' == 10 && '\\x41' == 65 && 0x10 == 020 - 0 && 0b11 == 3"), "1");
  EXPECT_EQ(value("0 && 1 / 0"), "0");
  EXPECT_EQ(value("defined __clang__ && defined(__bpf__) && !defined(nope) && nope == 0"), "1");
  EXPECT_EQ(value("__has_include(<stdint.h>) && !__has_include(\"nope.h\")"), "1");
  EXPECT_EQ(value("__has_attribute(__packed__) && __has_builtin(__builtin_memcpy) && !__has_attribute(nope)"), "1");
  EXPECT_EQ(value("__LINE__ == 1 && 1 << 4 == 16 && -8 >> 1 == -4"), "1");
}

TEST(Conditions, Faults) {
  EXPECT_EQ(faults("#if\n#endif"), "EmptyCondition");
  EXPECT_EQ(faults("#if 1 +\n#endif"), "ExpectedInCondition");
  EXPECT_EQ(faults("#if FOO(1)\n#endif"), "ExpectedInCondition");
  EXPECT_EQ(faults("#if 1 / 0\n#endif"), "ConditionDivisionByZero");
  EXPECT_EQ(faults("#if 1.5\n#endif"), "ConditionNotInteger");
  EXPECT_EQ(faults("#if 99999999999999999999\n#endif"), "NumberTooLarge");
  EXPECT_EQ(faults("#if 1\n"), "UnterminatedConditional");
  EXPECT_EQ(faults("#else"), "DirectiveWithoutIf");
  EXPECT_EQ(faults("#if 1\n#else\n#else\n#endif"), "DirectiveAfterElse");
  EXPECT_EQ(faults("#if 1\n#else x\n#endif"), "ExtraDirectiveTokens");
}

TEST(Directives, ErrorWarningLineUnknown) {
  EXPECT_EQ(faults("#error don't\n#warning it's bad"), "ErrorDirective WarningDirective");
  EXPECT_EQ(expand("#line 100 \"other.c\"\n__LINE__ __FILE__"), "100 \"other.c\"");
  EXPECT_EQ(expand("# 7 \"marker.c\" 1 3\n__LINE__ __FILE__"), "7 \"marker.c\"");
  EXPECT_EQ(faults("#line x"), "BadLineDirective");
  EXPECT_EQ(faults("#inlcude <stdint.h>"), "UnknownDirective");
  EXPECT_EQ(faults("#\n# ident \"x\""), "");
}

TEST(Directives, AmongMacroArguments) {
  EXPECT_EQ(expand("#define F(a, b) a-b\nF(1,\n#ifdef X\n2\n#else\n3\n#endif\n)"), "1 - 3");
}

TEST(Pragmas, WhatReachesTheParser) {
  const Preprocessed p(
      "#define N 8\n#pragma unroll\n#pragma unroll(N)\n#pragma clang loop unroll_count(4)\n#pragma nounroll\n"
      "#pragma clang loop unroll(full)\n_Pragma(\"unroll 2\")\n#pragma GCC diagnostic ignored \"-Wx\"\n"
      "#pragma pack(push, 1)\n#pragma pack(2)\n#pragma pack(pop)");
  std::vector<int32_t> counts, packs;
  for (const Token &token : p.tokens.list) {
    if (token.is(TokenKind::PragmaUnroll)) counts.push_back(static_cast<int32_t>(token.name));
    if (token.is(TokenKind::PragmaPack)) packs.push_back(static_cast<int32_t>(token.name));
  }
  EXPECT_EQ(counts, (std::vector<int32_t>{-1, 8, 4, 1, -1, 2}));
  EXPECT_EQ(packs, (std::vector<int32_t>{1, 2, 0}));
  EXPECT_EQ(p.faults(), "");
}

TEST(Pragmas, Faults) {
  EXPECT_EQ(faults("#pragma unroll 0"), "BadPragma");
  EXPECT_EQ(faults("#pragma pack(pop)"), "BadPragma");
  EXPECT_EQ(faults("_Pragma(x)"), "BadPragmaOperator");
}

}  // namespace spile::pp
