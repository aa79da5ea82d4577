// Layout, identity and printing of types. The numbers are clang-19's for -target bpf.
#include <gtest/gtest.h>

#include "front.h"
#include "frontend/types/debug.h"

namespace spile {
namespace {

// Every assertion of the text holds.
void expect_holds(const char *text) {
  const Front front(text);
  EXPECT_EQ(front.reported(), "") << front.messages();
}

TEST(Types, SizesAreThoseOfTheAbi) {
  expect_holds(R"(
    enum e { A }; enum f { B = 1ULL << 40 }; enum g { C = -1 }; enum h { D = 200 } __attribute__((packed));
    #define S(t, s, a) _Static_assert(sizeof(t) == s && _Alignof(t) == a, #t);
    S(char, 1, 1) S(_Bool, 1, 1) S(short, 2, 2) S(int, 4, 4) S(long, 8, 8) S(long long, 8, 8) S(void *, 8, 8)
    S(__int128, 16, 16) S(enum e, 4, 4) S(enum f, 8, 8) S(enum g, 4, 4) S(enum h, 1, 1)
    S(int[3][5], 60, 4) S(char[0], 0, 1) S(int (*)(void), 8, 8)
    S(struct { char c; int i; }, 8, 4) S(struct { char c; int i; } __attribute__((packed)), 5, 1)
    S(struct { char c; long l __attribute__((packed)); }, 9, 1) S(struct { int n; char data[]; }, 4, 4)
    S(union { char c[5]; int i; }, 8, 4) S(struct { char c; } __attribute__((aligned(16))), 16, 16)
    S(struct { char c; int i __attribute__((aligned(8))); }, 16, 8) S(struct {}, 0, 1))");
}

TEST(Types, BitfieldsShareUnits) {
  expect_holds(R"(
    #define S(s, ...) _Static_assert(sizeof(struct { __VA_ARGS__ }) == s, #__VA_ARGS__);
    S(4, int a:3; int b:7; unsigned c:22;) S(8, int a:20; int b:20;) S(8, unsigned a:3; unsigned long b:40;)
    S(2, unsigned char a:4, b:4; unsigned char c:1;) S(8, int a:3; int :0; int b:2;) S(4, char a; int b:20;)
    S(4, char a; short b:7; char c:5;) S(24, long a:60; char b:5; long c:60;)
    struct p { char a; int b:20; long c:50; } __attribute__((packed)); _Static_assert(sizeof(struct p) == 10, "packed");
    struct q { int :5; char a; }; _Static_assert(sizeof(struct q) == 2 && _Alignof(struct q) == 1, "unnamed");)");
}

TEST(Types, OffsetsReachThroughAnonymousMembersAndArrays) {
  expect_holds(R"(
    struct s { int a; union { long b; struct { char c, d[3]; int e; }; }; struct { short f; } in[4]; };
    #define O(m, n) _Static_assert(__builtin_offsetof(struct s, m) == n, #m);
    O(a, 0) O(b, 8) O(c, 8) O(d[2], 11) O(e, 12) O(in[3].f, 22)
    _Static_assert((unsigned long)&((struct s *)0)->e == 12, "the offsetof of old");)");
}

TEST(Types, PragmaPackBoundsAlignment) {
  expect_holds(R"(
#pragma pack(push, 2)
    struct a { char c; int i; long l; };
#pragma pack(pop)
    struct b { char c; int i; };
    _Static_assert(sizeof(struct a) == 14 && _Alignof(struct a) == 2 && sizeof(struct b) == 8, "pack");)");
}

TEST(Types, SameTypeIsOnePointer) {
  Arena arena;
  types::Context context(arena);
  const auto *u32 = context.typedef_of("u32", context.basic(types::Kind::UInt), {}, 0);
  EXPECT_NE(u32, context.basic(types::Kind::UInt));
  EXPECT_TRUE(types::same(context.pointer_to(u32), context.pointer_to(context.basic(types::Kind::UInt))));
  const auto *const_u32 = context.qualified(u32, types::kConst);
  EXPECT_TRUE(types::same(const_u32, context.qualified(context.basic(types::Kind::UInt), types::kConst)));
  EXPECT_FALSE(types::same(const_u32, u32));
  EXPECT_EQ(context.unqualified(const_u32), u32);
  // const T[3] is an array of const T.
  EXPECT_TRUE(types::same(context.qualified(context.array_of(u32, 3), types::kConst), context.array_of(const_u32, 3)));
  EXPECT_TRUE(types::compatible(context.incomplete_array_of(u32), context.array_of(u32, 3)));
}

TEST(Types, PrintedAsC) {
  const Front front(R"(
    typedef unsigned u32; struct key { int a; };
    int *(*handlers[3])(const struct key *, u32, ...); char *const volatile name; u32 (*table)[4]; void (*f(int))(char);)");
  EXPECT_EQ(types::to_string(front.symbol("handlers")->type), "int *(*[3])(const struct key *, u32, ...)");
  EXPECT_EQ(types::to_string(front.symbol("handlers")->type, "h"), "int *(*h[3])(const struct key *, u32, ...)");
  EXPECT_EQ(types::to_string(front.symbol("name")->type), "char *const volatile");
  EXPECT_EQ(types::spoken(front.symbol("table")->type), "`u32 (*)[4]` (aka `unsigned int (*)[4]`)");
  EXPECT_EQ(types::to_string(front.symbol("f")->type, "f"), "void (*f(int))(char)");
}

TEST(Types, DebugTypesKeepTypedefsQualifiersAndRecursion) {
  const Front front(R"(
    typedef unsigned u32;
    struct node { const volatile u32 value; struct node *next; int bits:3; char name[4]; };
    enum e { A = -1, B }; struct node head; int (*callback)(struct node *it, enum e);)");
  ir::DebugTypes out;
  types::DebugTypeBuilder builder(out);
  const ir::DebugTypeId node = builder.get(front.symbol("head")->type);
  ASSERT_EQ(out[node].kind, ir::DebugKind::Struct);
  EXPECT_EQ(out[node].size, 24u);
  const ir::DebugType &value = out[out[node].parts[0].type];
  ASSERT_EQ(value.kind, ir::DebugKind::Const);
  ASSERT_EQ(out[value.type].kind, ir::DebugKind::Volatile);
  EXPECT_EQ(out[out[value.type].type].name, "u32");
  EXPECT_EQ(out[out[node].parts[1].type].type, node);
  EXPECT_EQ(out[node].parts[2].bitfield_size, 3u);
  EXPECT_EQ(out[out[node].parts[3].type].length, 4u);
  const ir::DebugType &pointer = out[builder.get(front.symbol("callback")->type)];
  const ir::DebugType &proto = out[pointer.type];
  ASSERT_EQ(proto.kind, ir::DebugKind::FuncProto);
  EXPECT_EQ(proto.parts[0].name, "it");
  EXPECT_TRUE(out[proto.parts[1].type].is_signed);
}

}  // namespace
}  // namespace spile
