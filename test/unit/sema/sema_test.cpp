// What sema accepts, what it says, and that it goes on after an error without a cascade.
#include <gtest/gtest.h>

#include "front.h"

namespace spile {
namespace {

struct Case {
  const char *text;
  const char *reported;  // names in order
};

class Reports : public testing::TestWithParam<Case> {};
TEST_P(Reports, Exactly) {
  const Front front(GetParam().text);
  EXPECT_EQ(front.reported(), GetParam().reported) << GetParam().text << "\n" << front.messages();
}

INSTANTIATE_TEST_SUITE_P(
    Names, Reports,
    testing::Values(
        Case{"int f(void) { return conut + conut * 2; }", "UndeclaredIdentifier"},
        Case{"int f(void) { return g(1) + 1; }", "UndeclaredFunction"}, Case{"int a; char *a;", "ConflictingTypes"},
        Case{"int f(void) { int i; int i; return 0; }", "Redefinition"},
        Case{"int f(int a) { return 0; } int f(int a) { return 1; }", "Redefinition"},
        Case{"extern int a; int a; int a = 1; extern int a; int f(void); int f(void) { return a; } int f();", ""},
        Case{"struct s { int a; }; struct s { int b; };", "RecordRedefined"},
        Case{"typedef int T; typedef int T; typedef long T;", "TypedefRedefined"},
        Case{"enum { A, B = A + 3, C }; _Static_assert(C == 4, \"\");", ""},
        Case{"int f(void) { goto x; }", "UndefinedLabel"}, Case{"int f(void) { x: x: return 0; }", "LabelRedefined"}));

INSTANTIATE_TEST_SUITE_P(
    Members, Reports,
    testing::Values(Case{"struct k { int pid; }; int f(struct k *k) { return k->pdi; }", "NoMember"},
                    Case{"struct k { int pid; }; int f(struct k *k) { return k.pid; }", "DotOnPointer"},
                    Case{"struct k { int pid; }; int f(struct k k) { return k->pid; }", "ArrowOnValue"},
                    Case{"struct fwd; int f(struct fwd *p) { return p->x; }", "IncompleteType"},
                    Case{"struct s { struct s inner; };", "IncompleteMember"},
                    Case{"struct s { int a; int a; };", "DuplicateMember"},
                    Case{"struct s { int a[]; int b; };", "FlexibleArrayNotLast"},
                    Case{"struct s { int a : 33; };", "BitfieldWidth"},
                    Case{"struct s { int a : 3; }; int *f(struct s *p) { return &p->a; }", "AddressOfBitfield"}));

INSTANTIATE_TEST_SUITE_P(
    Conversions, Reports,
    testing::Values(Case{"int *f(char *p) { return p; }", "IncompatiblePointers"},
                    Case{"int *f(unsigned *p) { return p; }", "PointerSign"},
                    Case{"char *f(const char *p) { return p; }", "DiscardsQualifiers"},
                    Case{"int *f(void) { return 5; }", "IntegerToPointer"},
                    Case{"int *f(void) { return 0; } void *g(int *p) { return p; } int *h(void *p) { return p; }", ""},
                    Case{"long f(int *p) { return p; }", "PointerToInteger"},
                    Case{"#define AS(p) _Pragma(\"GCC diagnostic ignored \\\"-Wint-conversion\\\"\") x = p\n"
                         "long f(int *p) { long x; AS(p); return x; }",
                         ""},
                    Case{"struct a { int i; }; struct b { int i; }; struct a f(struct b b) { return b; }",
                         "IncompatibleTypes"},
                    Case{"unsigned char c = 300, d = -1, e = 255;", "ConstantTruncated"},
                    Case{"const int c = 1; void f(void) { c = 2; }", "AssignToConst"},
                    Case{"void f(const int *p) { *p = 2; }", "AssignThroughConst"},
                    Case{"void f(void) { 1 = 2; }", "NotAssignable"}));

INSTANTIATE_TEST_SUITE_P(
    Calls, Reports,
    testing::Values(Case{"int g(int a, int b); int f(void) { return g(1) + g(1, 2, 3); }",
                         "ArgumentCount ArgumentCount"},
                    Case{"int f(int a) { return a(); }", "CallOfNonFunction"},
                    Case{"int f(int a) { return __builtin_memcpy(&a); }", "ArgumentCount PointerToInteger"},
                    Case{"int f(int a) { return __builtin_frob(a); }", "UnsupportedBuiltin"},
                    Case{"int f(short *p) { return __sync_fetch_and_add(p, 1); }", "AtomicObjectSize"},
                    Case{"int f(int (*p)(void)) { return p(); }", "IndirectCall"}));

INSTANTIATE_TEST_SUITE_P(
    Statements, Reports,
    testing::Values(Case{"int f(void) { return; }", "ReturnWithoutValue"},
                    Case{"void f(void) { return 1; }", "ReturnFromVoid"},
                    Case{"int f(int a) { if (a) return 1; }", "MissingReturn"},
                    Case{"int f(int a) { for (;;) { if (a) return 1; } }", ""},
                    Case{"int f(int a) { switch (a) { case 1: return 1; default: return 2; } }", ""},
                    Case{"int f(int a) { switch (a) { case 1: case 1: return 1; } return 0; }", "DuplicateCase"},
                    Case{"int f(int a) { switch (a) { case 1 ... 5: case 3: return 1; } return 0; }", "DuplicateCase"},
                    Case{"void f(void) { break; } void g(void) { continue; }", "OutsideLoop OutsideLoop"},
                    Case{"int f(int a) { if (a = 1) return 1; return 0; }", "AssignmentAsCondition"}));

INSTANTIATE_TEST_SUITE_P(NotInBpf, Reports,
                         testing::Values(Case{"int f(int a) { return a * 1.5; }", "FloatingPoint"},
                                         Case{"int f(int n) { int a[n]; return 0; }", "VariableLengthArray"},
                                         Case{"int f(int a, ...) { return a; }", "VariadicDefinition"},
                                         Case{"int f(int a) { asm volatile(\"r0 = 1\"); return a; }", ""},
                                         Case{"__int128 a; __int128 f(void) { return a * 3; }", "Int128Arithmetic"},
                                         Case{"int f(int a) { return __builtin_preserve_field_info(a, 0); }",
                                              "CoreNoField"}));

INSTANTIATE_TEST_SUITE_P(Constants, Reports,
                         testing::Values(Case{"int a = 1 / 0;", "ConstantDivisor InitializerNotConstant"},
                                         Case{"int a = 0 && 1 / 0, b = 1 ? 2 : 1 / 0;", ""},
                                         Case{"int f(int a) { return a << 40; }", "ShiftCount"},
                                         Case{"int a, b = a;", "InitializerNotConstant"},
                                         Case{"int a; long b = (long)&a + 4; int *c = &a + 1; int d = (long)&c == 0;",
                                              "InitializerNotConstant"},
                                         Case{"_Static_assert(sizeof(int) == 8, \"eight\");", "StaticAssertFailed"},
                                         Case{"int f(int x) { switch (0) { case x: ; } return 0; }", "NotConstant"}));

INSTANTIATE_TEST_SUITE_P(Initializers, Reports,
                         testing::Values(Case{"int a[2] = {1, 2, 3};", "ExcessInitializer"},
                                         Case{"int a[2] = {[2] = 1};", "DesignatorOutOfBounds"},
                                         Case{"struct s { int a; } s = {.b = 1};", "NoMember"},
                                         Case{"char s[2] = \"abc\", t[3] = \"abc\";", "StringTooLong"},
                                         Case{"int a[] = 5;", "ArrayInitializer"},
                                         Case{"struct s { int a, b[2]; struct { int c; }; } s = {1, {2, 3}, {4}}, t = "
                                              "{.b[1] = 3, .c = 5}, u = {1, 2, 3, 4};",
                                              ""}));

INSTANTIATE_TEST_SUITE_P(
    Sections, Reports,
    testing::Values(
        Case{"__attribute__((section(\"tracepoint/syscalls/sys_enter_kill\"), used)) int f(void *ctx) { return 0; }",
             ""},
        Case{"__attribute__((section(\"tracepont/a/b\"), used)) int f(void *ctx) { return 0; }", "UnknownSection"},
        Case{"__attribute__((section(\"?socket\"), used)) int f(void *ctx) { return 0; }", ""},
        Case{"int v __attribute__((section(\".data.mine\"))) = 1; char l[] __attribute__((section(\"license\"))) = "
             "\"GPL\";",
             ""},
        Case{"__attribute__((frob)) int v;", "UnknownAttribute"}));

TEST(Sema, HintsNameTheNearest) {
  EXPECT_NE(
      Front("struct k { int pid; }; int f(struct k *k) { return k->pdi; }").messages().find("did you mean `pid`?"),
      std::string::npos);
  EXPECT_NE(Front("int counter; int f(void) { return conuter; }").messages().find("did you mean `counter`?"),
            std::string::npos);
  EXPECT_NE(Front("int f(void *m) { return bpf_map_lookup_elem(m, m) != 0; }").messages().find("bpf_helpers.h"),
            std::string::npos);
  const std::string section =
      Front("__attribute__((section(\"tracepont/a/b\"))) int f(void *c) { return 0; }").messages();
  EXPECT_NE(section.find("`tracepoint`"), std::string::npos) << section;
}

TEST(Sema, ConstantsAreExact) {
  const Front front(R"(
    #define A(...) _Static_assert(__VA_ARGS__, #__VA_ARGS__);
    A(-1 > 0u) A(-1L < 0u) A((unsigned char)300 == 44) A((signed char)200 == -56) A(0xffffffff > 0) A(-1 >> 1 == -1)
    A((unsigned)-1 >> 31 == 1) A(1ull << 63 > 0) A(-7 / 2 == -3 && -7 % 2 == -1) A('\xff' == -1 && 'ab' == 24930)
    A((1 ? 2 : 3ul) == 2 && sizeof(1 ? 2 : 3ul) == 8) A(sizeof(char) + 1 == 2 && sizeof('a') == 4) A((!0) == 1 && (!!7) == 1)
    A(0x80000000 == 2147483648u && sizeof(0x80000000) == 4 && sizeof(2147483648) == 8) A(~0u == 4294967295u)
    A((_Bool)256 == 1) A(__builtin_bswap16(0x1234) == 0x3412) A(__builtin_constant_p(3))
    A(_Generic((char)1, int: 1, char: 2, default: 3) == 2) A(sizeof(L"ab") == 12) A(sizeof("a\0b" "c") == 5)
    A(0b101 == 5 && 010 == 8))");
  EXPECT_EQ(front.reported(), "") << front.messages();
}

}  // namespace
}  // namespace spile
