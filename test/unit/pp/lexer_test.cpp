#include <gtest/gtest.h>

#include "test/unit/pp/preprocessed.h"

namespace spile::pp {

TEST(Lexer, KindsOfTokens) {
  const Preprocessed p("int x1 = 0x1e + 1.5f * 'c' >>= \"s\" ... -> ## <: u8\"t\" 1e+5");
  std::vector<TokenKind> kinds;
  for (const Token &token : p.tokens.list) kinds.push_back(token.kind);
  using enum TokenKind;
  EXPECT_EQ(kinds, (std::vector{Int, Identifier, Assign, IntegerLiteral, Plus, FloatLiteral, Star, CharLiteral,
                                ShrAssign, StringLiteral, Ellipsis, Arrow, HashHash, LeftBracket, StringLiteral,
                                FloatLiteral, EndOfFile}));
}

TEST(Lexer, KeywordsAndTheirOtherSpellings) {
  const Preprocessed p("const __const __const__ __volatile__ __typeof__ __asm__ __inline _Alignof __alignof__");
  using enum TokenKind;
  std::vector<TokenKind> kinds;
  for (const Token &token : p.tokens.list) kinds.push_back(token.kind);
  EXPECT_EQ(kinds, (std::vector{Const, Const, Const, Volatile, Typeof, Asm, Inline, Alignof, Alignof, EndOfFile}));
}

TEST(Lexer, LineSplicesInsideTokens) {
  EXPECT_EQ(expand("in\\\nt x\\\n\\\ny = 1\\\n2 +\\\n= \"a\\\nb\";"), "int xy = 12 += \"ab\" ;");
  EXPECT_EQ(expand("a \\\r\n b"), "a b");
}

TEST(Lexer, CommentsAreSpace) {
  EXPECT_EQ(expand("a/* x */b // c \\\n still a comment\nd/**/e/***/f"), "a b d e f");
  EXPECT_EQ(faults("a /* b"), "UnterminatedComment");
}

TEST(Lexer, LocationsAndFlags) {
  const Preprocessed p("a  b\n  c");
  ASSERT_EQ(p.tokens.list.size(), 4u);
  EXPECT_TRUE(p.tokens.list[0].has(kLineStart));
  EXPECT_TRUE(p.tokens.list[1].has(kSpaceBefore));
  EXPECT_FALSE(p.tokens.list[1].has(kLineStart));
  EXPECT_TRUE(p.tokens.list[2].has(kLineStart));
  const Place place = p.sources.place(p.tokens.list[2].loc);
  EXPECT_EQ(place.line, 2u);
  EXPECT_EQ(place.column, 3u);
}

TEST(Lexer, FaultsAreNamedAndPassed) {
  EXPECT_EQ(faults("char *s = \"abc;\nint x;"), "UnterminatedString");
  EXPECT_EQ(faults("char c = 'a;\nint x;"), "UnterminatedCharacter");
  EXPECT_EQ(faults("char c = '';"), "EmptyCharacter");
  EXPECT_EQ(faults("int a @ b;"), "StrayCharacter");
  EXPECT_EQ(expand("int a @ b;"), "int a b ;");
}

TEST(Lexer, PrintedTokensLexToTheSameTokens) {
  const std::string text = "#define M -\n#define E\nx = -M -E- 1 .E. y+E+z; #\na E.b \"s\"E\"t\"";
  const Preprocessed first(text);
  const Preprocessed again(print_tokens(first.tokens));
  EXPECT_EQ(first.text(), again.text());
}

}  // namespace spile::pp
