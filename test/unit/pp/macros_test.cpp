#include <gtest/gtest.h>

#include "test/unit/pp/preprocessed.h"

namespace spile::pp {

// The examples of C11 6.10.3.5.
TEST(Macros, ExamplesOfTheStandard) {
  EXPECT_EQ(expand("#define x 3\n#define f(a) f(x * (a))\n#undef x\n#define x 2\n#define g f\n#define z z[0]\n"
                   "#define h g(~\n#define m(a) a(w)\n#define w 0,1\n#define t(a) a\n#define p() int\n#define q(x) x\n"
                   "#define r(x,y) x ## y\n#define str(x) # x\n"
                   "f(y+1) + f(f(z)) % t(t(g)(0) + t)(1);\ng(x+(3,4)-w) | h 5) & m\n(f)^m(m);\n"
                   "p() i[q()] = { q(1), r(2,3), r(4,), r(,5), r(,) };\nchar c[2][6] = { str(hello), str() };"),
            "f ( 2 * ( y + 1 ) ) + f ( 2 * ( f ( 2 * ( z [ 0 ] ) ) ) ) % f ( 2 * ( 0 ) ) + t ( 1 ) ; "
            "f ( 2 * ( 2 + ( 3 , 4 ) - 0 , 1 ) ) | f ( 2 * ( ~ 5 ) ) & f ( 2 * ( 0 , 1 ) ) ^ m ( 0 , 1 ) ; "
            "int i [ ] = { 1 , 23 , 4 , 5 , } ; char c [ 2 ] [ 6 ] = { \"hello\" , \"\" } ;");
  EXPECT_EQ(expand("#define t(x,y,z) x ## y ## z\n"
                   "t(1,2,3), t(,4,5), t(6,,7), t(8,9,), t(10,,), t(,11,), t(,,12), t(,,)"),
            "123 , 45 , 67 , 89 , 10 , 11 , 12 ,");
  EXPECT_EQ(expand("#define hash_hash # ## #\n#define mkstr(a) # a\n#define in_between(a) mkstr(a)\n"
                   "#define join(c, d) in_between(c hash_hash d)\njoin(x, y)"),
            "\"x ## y\"");
}

TEST(Macros, AMacroIsNotExpandedInItself) {
  EXPECT_EQ(expand("#define A B\n#define B A\nA B"), "A B");
  EXPECT_EQ(expand("#define foo foo a bar\n#define bar foo 12\nfoo bar"), "foo a foo 12 foo a bar 12");
  EXPECT_EQ(expand("#define NIL(x) x\n#define G(a) NIL(G2)(a)\n#define G2(a) NIL(a)\nG(42)"), "42");
}

TEST(Macros, VariadicAndTheGnuComma) {
  const std::string defs =
      "#define p(f, ...) q(f, ##__VA_ARGS__)\n#define n(f, args...) q(f , ## args)\n#define e(...) q(__VA_ARGS__)\n";
  EXPECT_EQ(expand(defs + "p(1) p(1, 2) p(1, 2, 3) n(1) n(1, 2) e() e(1, 2)"),
            "q ( 1 ) q ( 1 , 2 ) q ( 1 , 2 , 3 ) q ( 1 ) q ( 1 , 2 ) q ( ) q ( 1 , 2 )");
}

TEST(Macros, StringsKeepSpellingAndOneSpace) {
  EXPECT_EQ(expand("#define s(x) #x\ns( a   b /* c */ d ) s(\"q\\n\" '\\0')"), "\"a b d\" \"\\\"q\\\\n\\\" '\\\\0'\"");
}

TEST(Macros, Computed) {
  EXPECT_EQ(expand("__LINE__\n__LINE__ __COUNTER__ __COUNTER__ __INCLUDE_LEVEL__ __FILE__"), "1 2 0 1 0 \"test.c\"");
  EXPECT_EQ(expand("#define L __LINE__\n#define F(x) L x\nF(\n1)"), "4 1");  // the line on which the call ends
  EXPECT_EQ(expand("__SIZEOF_POINTER__ __bpf__ __UINT64_TYPE__"), "8 1 long unsigned int");
}

TEST(Macros, CommandLine) {
  Options options;
  options.macros = {{"A", false}, {"B=2", false}, {"F(x)=x+x", false}, {"A", true}};
  EXPECT_EQ(Preprocessed("A B F(1)", options).text(), "A 2 1 + 1");
}

TEST(Macros, Faults) {
  EXPECT_EQ(faults("#define F(a, b) a\nF(1)"), "WrongMacroArguments");
  EXPECT_EQ(faults("#define F(a) a\nF(1"), "UnterminatedMacroCall");
  EXPECT_EQ(faults("#define P(a, b) a ## b\nP(+, x)"), "PasteNotToken");
  EXPECT_EQ(faults("#define F(a, a) a"), "DuplicateMacroParameter");
  EXPECT_EQ(faults("#define F(a) #b"), "HashWithoutParameter");
  EXPECT_EQ(faults("#define F a ##"), "PasteAtEdge");
  EXPECT_EQ(faults("#define A 1\n#define A 2"), "MacroRedefined");
  EXPECT_EQ(faults("#define A 1\n#define A 1"), "");
  EXPECT_EQ(faults("#define 1"), "ExpectedMacroName");
  EXPECT_EQ(faults("#define defined"), "ReservedMacroName");
  EXPECT_EQ(faults("#define F(a"), "BadMacroParameters");
  EXPECT_EQ(faults("#define A __VA_ARGS__"), "VaArgsOutsideVariadic");
  EXPECT_EQ(faults("#undef __LINE__"), "BuiltinMacroRedefined");
  EXPECT_EQ(faults("#define A(...) __VA_OPT__ x"), "BadVaOpt");
  EXPECT_EQ(faults("#define A(...) __VA_OPT__(x"), "BadVaOpt");
  EXPECT_EQ(faults("#define A(...) __VA_OPT__(__VA_OPT__(x))"), "BadVaOpt");
  EXPECT_EQ(faults("#define A(...) __VA_OPT__(## x)"), "PasteAtEdge");
  EXPECT_EQ(faults("#define A(...) __VA_OPT__(x ##)"), "PasteAtEdge");
  EXPECT_EQ(faults("#define A __VA_OPT__(x)"), "VaArgsOutsideVariadic");
  EXPECT_EQ(faults("#define __VA_OPT__ 1"), "ReservedMacroName");
}

TEST(Macros, ADiagnosticShowsTheUseAndTheDefinition) {
  const Preprocessed p("#define TWICE(x) ((x) * 2)\nint a = TWICE(b);");
  const Token *star = nullptr;
  for (const Token &token : p.tokens.list)
    if (token.is(TokenKind::Star)) star = &token;
  ASSERT_NE(star, nullptr);
  EXPECT_EQ(p.sources.place(star->loc).line, 2u);
  EXPECT_EQ(p.sources.place(p.sources.spelling(star->loc)).line, 1u);
  ASSERT_EQ(p.sources.expansions(star->loc).size(), 1u);
  EXPECT_EQ(p.sources.expansions(star->loc)[0].macro_name, "TWICE");
}

}  // namespace spile::pp
