// Which names are types, where: each text is valid C, and reads as something else when a name is classified wrongly.
#include <gtest/gtest.h>

#include "test/unit/parse/parsed.h"

namespace spile::parse {

class TypedefNames : public testing::TestWithParam<const char *> {};

TEST_P(TypedefNames, AreExact) { EXPECT_EQ(faults(std::string("typedef int T;\n") + GetParam()), ""); }

INSTANTIATE_TEST_SUITE_P(
    Scopes, TypedefNames,
    testing::Values("void f(void) { int T = 1; T = T * 2; }",                 // hidden by a variable
                    "void f(void) { T T = 1; T * 2; }",                       // by itself
                    "void f(T T) { T++; }",                                   // by a parameter, in the body too
                    "void f(void) { T *x; T (y); x = (T *)y; }",              // not hidden
                    "void f(void) { { enum { T }; int z = T; } T w; }",       // by an enumerator, in a block
                    "void f(void) { for (int T = 0; T < 3; T++) ; T q; }",    // in a for statement
                    "struct T { T T; }; void f(struct T T) { T.T = 1; }",     // tags and members are apart
                    "void f(void) { struct T { int q; } T; T.q = 3; }",       // after a tag
                    "void f(void) { const T v = 1; int *const T = 0; *T; }",  // after a qualifier
                    "void f(void) { int *T = 0; T++; }",                      // after a star
                    "void f(void) { unsigned T = 1; T++; }",                  // after a type word
                    "void f(void) { int a, T = 1; T++; }",                    // after a comma
                    "void f(void) { int (T) = 1; T++; }",                     // in parentheses
                    "void f(void) { int (*T)(void) = 0; T(); }",              // a pointer to a function
                    "int f(int (T)); int g(int (*)(T), T);",                  // in parameters a type first (6.7.6.3)
                    "int f(int T, int a[T]);",                                // hidden for the parameters after it
                    "T f(T), (*g)(T);",                                       // a type again after the name
                    "void f(void) { if (1) { int T; T = 1; } else { T b; } T c; }",  // back after the block
                    "int f(void) { return sizeof(T) + ({ int T = 2; T; }) + sizeof(T) + (T)1; }",
                    "void f(int x) { T: x = 1 ? (T)2 : 3; if (x) goto T; }",  // a label of the same name
                    "struct s { T : 3; T x : 2; };",                          // but not in a record
                    "typedef int T; typedef T U; U u; void f(void) { typedef char *T; T p = 0; *p; }",
                    "void f(void) { int x = sizeof(T); x = (T)x; T *y = &x; }",
                    "typeof(T) a; __attribute__((aligned(sizeof(T)))) T b; _Alignas(T) T c;",
                    "T arr[sizeof(T)], *q, m(T (*)(T), T T);",
                    "extern T T1; static const T t2 = 1; T static t3; T typedef V; V v;",
                    "struct s { unsigned T; T y; struct { T T; } z; };"));

}  // namespace spile::parse
