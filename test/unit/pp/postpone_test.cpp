// Which declarations of headers are left unread, and that nothing else is.
#include <gtest/gtest.h>

#include <cctype>
#include <string>

#include "frontend/pp/postponed.h"
#include "preprocessed.h"

namespace spile::pp {
namespace {

// Without the spaces that do not stand between two words.
std::string squeezed(const std::string &text) {
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  std::string out;
  for (size_t i = 0; i < text.size(); i++)
    if (text[i] != ' ' || (!out.empty() && is_word(out.back()) && i + 1 < text.size() && is_word(text[i + 1])))
      out += text[i];
  return out;
}

// What stays among the tokens, then the names of what does not.
std::string postponed(const std::string &text) {
  const Preprocessed run(text, {.postpone = Postpone::Everything});
  std::string all = run.text();
  all += " |";
  if (run.tokens.postponed != nullptr)
    for (const Postponed::Entry &entry : run.tokens.postponed->entries()) all += " " + std::string(entry.name);
  return squeezed(all);
}

// The first word of a declaration is no tag, whatever stands before it in the file.
TEST(Postpone, FindsTagsThatAreMentioned) {
  const Preprocessed run("struct a { struct str *p; };\nstatic inline_t f(enum s x);\n",
                         {.postpone = Postpone::Everything});
  ASSERT_NE(run.tokens.postponed, nullptr);
  EXPECT_TRUE(run.tokens.postponed->mentions_tag("str"));
  EXPECT_FALSE(run.tokens.postponed->mentions_tag("struct"));
  EXPECT_FALSE(run.tokens.postponed->mentions_tag("st"));
}

TEST(Postpone, LeavesDeclarationsWhoseNamesAndEndsAreCertain) {
  EXPECT_EQ(postponed("typedef unsigned long size, "), squeezed("typedef unsigned long size, |"));
  EXPECT_EQ(postponed("typedef unsigned long size;\ntypedef int (*call)(int, char[2]);\ntypedef int row[4];"),
            squeezed(" | size call row"));
  EXPECT_EQ(postponed("typedef early (late)(int);\ntypedef early (*pointer)(int);"),
            squeezed("typedef early (late)(int); | pointer"));
  EXPECT_EQ(postponed("struct a;\nstruct b { struct a *p; int x : 3; } __attribute__((packed));\nunion c { int x; };"),
            squeezed(" | a b c"));
  EXPECT_EQ(postponed("enum e { A, B = (1 << 2), C, };\nenum { D };"), squeezed(" | e A B C D"));
  EXPECT_EQ(
      postponed(
          "extern int f(void) __attribute__((pure));\nextern struct a *g;\nstatic int (*const h)(int) = (void *)3;"),
      squeezed(" | f g h"));
  EXPECT_EQ(postponed("typedef struct tag { int x; } name;\n"), squeezed(" | tag name"));
}

TEST(Postpone, ReadsWhatMayBeMore) {
  EXPECT_EQ(postponed("static int f(void) { return 1; }"), squeezed("static int f(void) { return 1; } |"));
  EXPECT_EQ(postponed("typedef int a, b;"), squeezed("typedef int a, b; |"));
  EXPECT_EQ(postponed("struct a { int x; } variable;"), squeezed("struct a { int x; } variable; |"));
  EXPECT_EQ(postponed("struct a { struct b { int x; } y; };"), squeezed("struct a { struct b { int x; } y; }; |"));
  EXPECT_EQ(postponed("struct a { enum { X } y; };"), squeezed("struct a { enum { X } y; }; |"));
  EXPECT_EQ(postponed("static int kept __attribute__((used)) = 1;"),
            squeezed("static int kept __attribute__((used)) = 1; |"));
}

TEST(Postpone, ReadsWhatMacrosAndDirectivesChange) {
  EXPECT_EQ(postponed("#define T int\ntypedef T a;\ntypedef int b;"), squeezed("typedef int a; | b"));
  EXPECT_EQ(postponed("#define a b\ntypedef int a;"), squeezed("typedef int b; |"));
  EXPECT_EQ(postponed("struct a {\n#ifdef X\nint x;\n#endif\n};\nstruct b;"), squeezed("struct a {}; | b"));
  EXPECT_EQ(postponed("typedef int a;\n#define a b\ntypedef int b;\na c;"), squeezed("b c; | a b"));
}

TEST(Postpone, ReadsNamesThatHaveBeenMet) {
  EXPECT_EQ(postponed("int x = sizeof(struct a);\nstruct a { int y; };\nstruct b;"),
            squeezed("int x = sizeof(struct a); struct a { int y; }; | b"));
}

// What is wrong in a macro is told when somebody uses it, as what is wrong in a declaration.
TEST(Postpone, ReadsMacrosWhenTheyAreUsed) {
  const auto faults = [](const std::string &text) {
    const Preprocessed run(text, {.postpone = Postpone::Everything});
    return run.diagnostics.all().size();
  };
  const std::string bad = "#define BAD(x) #y\n";
  EXPECT_EQ(faults(bad + "int a;\n"), 0U);
  EXPECT_EQ(faults(bad + "int a = BAD(1);\n"), 1U);
  EXPECT_EQ(faults("#define A 1\n#define A 1\n"), 0U);
  EXPECT_EQ(faults("#define A 1\n#define A 2\n"), 1U);
  EXPECT_EQ(postponed("#define A 1 \\\n + 2\n#define B A /* so\nfar */ * 2 // B\nint a = B;"),
            squeezed("int a = 1 + 2 * 2; |"));
  EXPECT_EQ(postponed("#define F(x) x G\n#define G 3\n#undef G\nint a = F(1) + 1;"), squeezed("int a = 1 G + 1; |"));
  EXPECT_EQ(postponed("#define LAST 1 \\\n"), squeezed(" |"));
}

TEST(Postpone, LeavesListsOfEnumeratorsToTheirMacros) {
  const std::string list = "#define LIST(F) F(A) F(B)\n#define ONE(x) x##_1,\n";
  EXPECT_EQ(postponed(list + "enum e { FIRST, LIST(ONE) LAST };\n"), squeezed(" | e FIRST LAST"));
  EXPECT_EQ(postponed(list + "enum { LIST(ONE), };\n"), squeezed(" |"));
  // What is no list that takes a macro may be anything.
  EXPECT_EQ(postponed(list + "enum { ONE(A) };\n"), squeezed("enum { A_1, }; |"));
  EXPECT_EQ(postponed("#define A B\nenum { A };\n"), squeezed("enum { B }; |"));
  EXPECT_EQ(postponed("#define LIST(F) F(A) }; enum {\n#define ONE(x) x,\nenum { LIST(ONE) };\n"),
            squeezed("enum { A, }; enum { }; |"));
  EXPECT_EQ(postponed(list + "enum { LIST(__LINE__) };\n"), squeezed("enum { 3(A) 3(B) }; |"));
}

TEST(Postpone, LeavesMacrosThatAreInMembers) {
  const std::string macros =
      "#define SIZE 16U\n#define aligned_u64 __u64 __attribute__((aligned(8)))\n#define TWICE (2 * SIZE)\n"
      "#define POINTER(type, name) union { type name; __u64 : 64; } __attribute__((aligned(8)))\n";
  EXPECT_EQ(postponed(macros + "struct a { char x[SIZE]; aligned_u64 y; };"), squeezed(" | a"));
  EXPECT_EQ(postponed(macros + "union b { POINTER(struct a *, p); char q[TWICE]; };"), squeezed(" | b"));
  // What could end the record, declare another, or be something else when it is read.
  EXPECT_EQ(postponed("#define END }; int\nstruct a { int x; END y; };"), squeezed("struct a { int x; }; int y; }; |"));
  EXPECT_EQ(postponed("#define B struct b { int x; }\nstruct a { B y; };"),
            squeezed("struct a { struct b { int x; } y; }; |"));
  EXPECT_EQ(postponed("#define B(t) s##t b { int x; }\nstruct a { B(truct) y; };"),
            squeezed("struct a { struct b { int x; } y; }; |"));
  EXPECT_EQ(postponed("#define INNER }; int\n#define END INNER\nstruct a { int x; END y; };"),
            squeezed("struct a { int x; }; int y; }; |"));
  EXPECT_EQ(postponed("struct a { int x[__LINE__]; };"), squeezed("struct a { int x[1]; }; |"));
  EXPECT_EQ(postponed("#define X 1\nstruct a { struct X { int y; } z; };"),
            squeezed("struct a { struct 1 { int y; } z; }; |"));
}

// As they are where the declaration stands, whatever they become behind it.
TEST(Postpone, ExpandsWithTheMacrosOfThePlace) {
  Preprocessed run(
      "#define LIST(F) F(A) F(B)\n#define ONE(x) x##_1,\n"
      "enum first { LIST(ONE) };\n"
      "#undef ONE\n#define ONE(x) x = A_1 + 2,\n#define A C\n"
      "enum second { LIST(ONE) };\n"
      "#undef LIST\n#pragma GCC poison A\nint last;\n",
      {.postpone = Postpone::Everything});
  EXPECT_EQ(run.text(), "int last ;");
  ASSERT_NE(run.tokens.postponed, nullptr);
  Postponed &postponed = *run.tokens.postponed;
  ASSERT_EQ(postponed.declarations().size(), 2U);
  const auto text = [&](size_t index) {
    std::string all;
    for (const Token &token : postponed.tokens(postponed.declarations()[index], run.arena, run.diagnostics))
      all += std::string(token.spelling()) + " ";
    return squeezed(all);
  };
  EXPECT_EQ(text(1), squeezed("enum second { C = A_1 + 2, B = A_1 + 2, }; "));
  EXPECT_EQ(text(0), squeezed("enum first { A_1, B_1, }; "));
  EXPECT_EQ(text(1), squeezed("enum second { C = A_1 + 2, B = A_1 + 2, }; "));
  EXPECT_TRUE(run.diagnostics.all().empty());
}

TEST(Postpone, TriesOnlyBetweenDeclarations) {
  EXPECT_EQ(postponed("int f(void) {\ntypedef int a;\n}\ntypedef int b;"),
            squeezed("int f(void) { typedef int a; } | b"));
  EXPECT_EQ(postponed("const\nstruct a;"), squeezed("const struct a; |"));
}

}  // namespace
}  // namespace spile::pp
