// The object as a whole: sections, symbols, relocations, limits.
#include "test/unit/codegen/codegen_test.h"

namespace spile::codegen::test {
namespace {

using object::RelocType;

constexpr std::string_view kCalls = R"(
global @counter section ".bss" size 8 align 8
global @shared global section ".data" size 4 align 4
func @twice(i64 %p0) -> i64 {
entry:
  %0 = load.i64 @counter
  %1 = add.i64 %p0, %0
  ret %1
}
func @unused(i64 %p0) -> i64 {
entry:
  ret %p0
}
func @visible(i64 %p0) -> i64 global {
entry:
  %0 = call.i64 @twice(%p0)
  ret %0
}
func @main(ptr %p0) -> i32 global section "tc" {
entry:
  %0 = load.i64 @shared
  %1 = call.i64 @twice(%0)
  %2 = call.i64 @visible(%1)
  %3 = trunc.i32 %2
  ret %3
}
)";

TEST(Object, ReferencesGoToSymbolsAsClangMakesThem) {
  const Compiled c = compile(kCalls);
  ASSERT_TRUE(c.object);
  const object::Object &o = *c.object;
  const object::Section &tc = o[o.find_section("tc")];
  ASSERT_EQ(tc.relocs.size(), 3u);
  EXPECT_EQ(o[tc.relocs[0].symbol].name, "shared");
  EXPECT_EQ(tc.relocs[0].type, RelocType::Abs64_64);
  // A static function by its section, a global one by its name.
  EXPECT_EQ(o[tc.relocs[1].symbol].name, ".text");
  EXPECT_EQ(tc.relocs[1].type, RelocType::Call32);
  EXPECT_EQ(o[tc.relocs[2].symbol].name, "visible");
  // Within .text the distance is known: only the variable is left.
  const object::Section &text = o[o.find_section(".text")];
  ASSERT_EQ(text.relocs.size(), 1u);
  EXPECT_EQ(o[text.relocs[0].symbol].name, ".bss");
}

TEST(Object, WhatNobodyRefersToIsLeftOut) {
  const Compiled c = compile(kCalls);
  ASSERT_TRUE(c.object);
  EXPECT_TRUE(c.object->find_symbol("visible"));
  EXPECT_FALSE(c.object->find_symbol("unused"));
}

TEST(Object, LocalSymbolsStandFirst) {
  const Compiled c = compile(kCalls);
  ASSERT_TRUE(c.object);
  bool seen_global = false;
  for (const object::Symbol &s : c.object->symbols) {
    EXPECT_FALSE(seen_global && s.binding == object::Binding::Local) << s.name;
    seen_global |= s.binding != object::Binding::Local;
  }
}

TEST(Object, AFrameThatIsTooLargeNamesTheLargestObjects) {
  const Compiled c = compile(R"(
func @f(ptr %p0) -> i64 global section "tc" {
  slot $0 size 400 align 8 "buffer"
  slot $1 size 200 align 8 "other"
entry:
  %0 = call_helper.i64 4($0, i64 400, %p0)
  %1 = call_helper.i64 4($1, i64 200, %p0)
  ret %0
}
)");
  EXPECT_FALSE(c.object);
  ASSERT_EQ(c.diags->all().size(), 1u);
  const Diagnostic &d = c.diags->all().front();
  EXPECT_EQ(d.info->name, "StackTooLarge");
  EXPECT_EQ(d.message, "the stack frame of `f` takes 600 bytes, the kernel allows 512");
  ASSERT_GE(d.notes.size(), 2u);
  EXPECT_EQ(d.notes[0].message, "`buffer` takes 400 bytes");
}

TEST(Object, AnAtomicOperationThatTheTargetLacksIsAnError) {
  const char *text = R"(
global @counter section ".bss" size 8 align 8
func @f(ptr %p0) -> i64 global section "tc" {
entry:
  %0 = atomic_add.i64 i64 1, @counter
  ret %0
}
)";
  EXPECT_TRUE(compile(text, 3).object);
  const Compiled old = compile(text, 2);
  EXPECT_FALSE(old.object);
  EXPECT_EQ(old.diags->all().front().info->name, "AtomicNeedsV3");
}

TEST(Object, SixArgumentsAreAnError) {
  const Compiled c = compile(R"(
func @six(i64 %p0, i64 %p1, i64 %p2, i64 %p3, i64 %p4, i64 %p5) -> i64 global {
entry:
  ret %p5
}
)");
  EXPECT_FALSE(c.object);
  EXPECT_EQ(c.diags->all().front().info->name, "TooManyParameters");
}

// 40,000 instructions between a jump and its target: not in 16 bits.
TEST(Object, AJumpThatIsTooFarNeedsV4) {
  std::string text =
      "func @f(ptr %p0) -> i64 global section \"tc\" {\nentry:\n  %0 = load.i64 %p0\n"
      "  %1 = icmp.eq %0, i64 0\n  branch %1, out, big\nbig:\n";
  for (int i = 0; i < 40'000; i++) text += fmt::format("  store i64 {}, %p0 volatile\n", i);
  text += "  jump out\nout:\n  %2 = phi.i64 [%0, entry], [i64 7, big]\n  ret %2\n}\n";
  const Compiled near = compile(text, 3);
  EXPECT_FALSE(near.object);
  ASSERT_FALSE(near.diags->all().empty());
  EXPECT_EQ(near.diags->all().front().info->name, "JumpTooFar");
  EXPECT_TRUE(compile(text, 4).object);
}

}  // namespace
}  // namespace spile::codegen::test
