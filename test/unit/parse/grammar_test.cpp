#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "test/unit/parse/parsed.h"

namespace spile::parse {

static std::string read(const std::string &path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// What makes the parser fast: no decision needs more than one token.
TEST(Grammar, IsLL1) {
  const std::string generated = read(SPILE_GENERATED_PARSER);
  ASSERT_FALSE(generated.empty());
  EXPECT_EQ(generated.find("adaptivePredict"), std::string::npos);
}

TEST(Grammar, TakesEveryForm) { EXPECT_EQ(faults(read(SPILE_SOURCE_DIR "/test/parse/Inputs/every-form.c")), ""); }

TEST(Grammar, TakesTheExamples) {
  for (const auto &entry : std::filesystem::directory_iterator(SPILE_SOURCE_DIR "/examples"))
    if (entry.path().extension() == ".c")
      EXPECT_EQ(faults("#define __TARGET_ARCH_x86\n" + read(entry.path())), "") << entry.path();
}

TEST(Declarators, ReadFromTheNameOutwards) {
  EXPECT_EQ(declaration("int *x[3];"), "(variables (x (array 3 (pointer int))))");
  EXPECT_EQ(declaration("int (*x)[3];"), "(variables (x (pointer (array 3 int))))");
  EXPECT_EQ(declaration("int *(*f[3])(int);"),
            "(variables (f (array 3 (pointer (function ((_ int)) (pointer int))))))");
  EXPECT_EQ(declaration("char *const *volatile p;"), "(variables (p (pointer volatile (pointer const char))))");
  EXPECT_EQ(declaration("int f(int (*)(int), int g(void), int[static 2], ...);"),
            "(variables (f (function ((_ (pointer (function ((_ int)) int))) (g (function ((_ void)) int)) (_ (array "
            "static 2 int)) ...) int)))");
}

TEST(Declarators, AttributesGoWhereTheyStand) {
  EXPECT_EQ(
      declaration("struct { int x; } __attribute__((packed)) v __attribute__((section(\"s\"), used));"),
      "(variables (v (struct (attribute packed)\n    (members (x int))) (attribute section \"s\") (attribute used)))");
  EXPECT_EQ(declaration("__attribute__((unused)) int a, __attribute__((used)) b;"),
            "(variables (a int (attribute unused)) (b int (attribute unused) (attribute used)))");
  EXPECT_EQ(declaration("int __attribute__((btf_type_tag(\"user\"))) *p;"),
            "(variables (p (pointer int (attribute btf_type_tag \"user\"))))");
}

TEST(Declarations, RecordsAndEnums) {
  EXPECT_EQ(declaration("struct s { int a : 3, : 2; union { int x; }; };"),
            "(variables (struct s\n    (members (a int : 3) (_ int : 2))\n    (members (union\n        (members (x "
            "int))))))");
  EXPECT_EQ(declaration("enum e { A, B = 2, };"), "(variables (enum e (A) (B = 2)))");
  EXPECT_EQ(declaration("enum e : unsigned char { A };"), "(variables (enum e : <unsigned char> (A)))");
  EXPECT_EQ(declaration("#pragma pack(push, 1)\nstruct s { int a; };\n#pragma pack(pop)\nstruct t { struct s s; };"),
            "(variables (struct t\n    (members (s (struct s)))))");
  EXPECT_EQ(declaration("#pragma pack(1)\nstruct s { int a; };"),
            "(variables (struct s (pack 1)\n    (members (a int))))");
}

TEST(Expressions, Precedence) {
  EXPECT_EQ(expression("1 + 2 * 3 - 4"), "(- (+ 1 (* 2 3)) 4)");
  EXPECT_EQ(expression("a || b && a | b ^ a & b == a < b << a + b * a"),
            "(|| a (&& b (| a (^ b (& a (== b (< a (<< b (+ a (* b a))))))))))");
  EXPECT_EQ(expression("a ? b : a ? 1 : 2"), "(? a b (? a 1 2))");
  EXPECT_EQ(expression("a ?: b"), "(? a () b)");
  EXPECT_EQ(expression("a = b = 1"), "(= a (= b 1))");
  EXPECT_EQ(expression("-a++ + !*p"), "(+ (- (post++ a)) (! (* p)))");
}

TEST(Expressions, ParenthesesCastsAndLiterals) {
  EXPECT_EQ(expression("(T)a + (a) + (T){1}"), "(+ (+ (cast <T> a) a) (compound <T> {1}))");
  EXPECT_EQ(expression("(T)-1"), "(cast <T> (- 1))");
  EXPECT_EQ(expression("(a) - 1"), "(- a 1)");
  EXPECT_EQ(expression("({ int q = 1; q; })"), "(statements\n  (block\n    (variables (q int = 1))\n    (do q)))");
  EXPECT_EQ(expression("sizeof(T) + sizeof a + sizeof(a)[0] + sizeof (T){1}"),
            "(+ (+ (+ (sizeof <T>) (sizeof a)) (sizeof ([] a 0))) (sizeof (compound <T> {1})))");
  EXPECT_EQ(expression("p->x.y[1](2, 3)"), "(call ([] (. (-> p x) y) 1) 2 3)");
}

TEST(Expressions, Builtins) {
  EXPECT_EQ(expression("__builtin_offsetof(struct s, a.b[2])"), "(offsetof <(struct s)> .a .b [2])");
  EXPECT_EQ(expression("_Generic(a, T: 1, default: 2)"), "(generic a (<T> 1) (default 2))");
  EXPECT_EQ(expression("__builtin_types_compatible_p(T, typeof(a))"), "(types_compatible <T> <(typeof a)>)");
  EXPECT_EQ(expression("__builtin_choose_expr(1, a, b)"), "(choose 1 a b)");
}

TEST(Statements, TheElseBelongsToTheNearestIf) {
  EXPECT_EQ(declaration("void f(int a) { if (a) if (a) a = 1; else a = 2; }"),
            "(function (f (function ((a int)) void))\n  (block\n    (if a\n      (if a\n        (do (= a 1))\n        "
            "(do (= a 2))))))");
}

TEST(Statements, LabelsMayEndABlockAndStandBeforeDeclarations) {
  EXPECT_EQ(faults("void f(int a) { switch (a) { case 1: int x; case 2: default: } l: }"), "");
  EXPECT_EQ(faults("void f(int a) { goto l; l: int x = a; }"), "");
}

TEST(Statements, UnrollReachesItsLoop) {
  EXPECT_EQ(declaration("void f(void) {\n#pragma unroll 4\nfor (;;) ;\n}"),
            "(function (f (function ((_ void)) void))\n  (block\n    (for (unroll 4) () () ()\n      (empty))))");
}

}  // namespace spile::parse
