#include "test/unit/ir/ir_test.h"

namespace spile::ir::test {
namespace {

constexpr std::string_view kEverything = R"(global @counts global section ".bss" size 8 align 8
global @"odd name" section ".data" size 16 align 8 const volatile bytes "0102030405060708" { 8: @counts + 4, 0: @callback }
global @twice section ".rodata" size 4 align 4
global @twice#1 hidden section ".rodata" size 4 align 4 bytes "ffffffff"

func @callback(i64 %p0) -> void noinline used {
entry:
  barrier
  ret
}

func @outside(ptr %p0, i32 %p1) -> i16 extern

func @handle(ptr %p0, i32 %p1) -> i32 global section "tracepoint/syscalls/sys_enter_kill" signed always_inline user_side {
  slot $0 size 16 align 8 "key"
  slot $1 size 8 align 4
entry:
  %0 = load.i64 %p0, 16 align 4 volatile
  %1 = trunc.i8 %0
  store %1, $0, 3
  store ptr 0, $1
  memset $0, i8 0, 16 align 8
  memcopy $0, $1, 8
  %2 = icmp.ult %0, i64 -9223372036854775808
  branch %2, loop, out weight -3 unroll 4
loop:
  %3 = phi.i32 [i32 0, entry], [%4, loop]
  %4 = add.i32 %3, i32 -1
  %5 = call_helper.i64 1(@counts, $0)
  call.void @callback(%5)
  %6 = call.i16 @outside(%p0, undef.i32)
  atomic_add.void i64 1, @counts
  %7 = atomic_xchg.i32 %4, @counts, 4
  %8 = cmpxchg.i32 i32 1, i32 2, @counts
  %9 = load_abs.i16 %p0, 12
  %10 = load_ind.i8 %p0, %4, -1
  %11 = opaque.i64 %5
  %12 = select.ptr %2, %p0, @callback
  %13 = ptradd %12, i64 8
  switch %4, out [-1: loop, 5: out, 7: dead]
dead:
  unreachable
out:
  ret i32 0
}
)";

TEST(Text, PrintsBackWhatItReads) { EXPECT_EQ(canonical(kEverything), kEverything); }

TEST(Text, NamesAndCommentsDoNotMatter) {
  EXPECT_EQ(
      canonical("; a comment\nfunc @f(i32 %x) -> i32 { // another\n first: %y = add.i32 %x, i32 0x10 !7\n ret %y }"),
      "func @f(i32 %p0) -> i32 {\nfirst:\n  %0 = add.i32 %p0, i32 16\n  ret %0\n}\n");
}

TEST(Text, EveryFaultIsAnErrorWithItsLine) {
  const auto line_of = [](std::string_view text) -> uint32_t {
    Read r = read(text);
    EXPECT_FALSE(r.module) << text;
    EXPECT_EQ(r.diags->error_count(), 1u) << text;
    return r.diags->all().empty() ? 0 : r.sources->place(r.diags->all()[0].at.begin).line;
  };
  EXPECT_EQ(line_of("func @f() -> i32 {\nentry:\n  ret %1\n}"), 3u);
  EXPECT_EQ(line_of("func @f() -> i32 {\nentry:\n  jump nowhere\n}"), 3u);
  EXPECT_EQ(line_of("func @f() -> i32 {\nentry:\n  %0 = add i32 1, i32 2\n  ret %0\n}"), 3u);
  EXPECT_EQ(line_of("func @f() -> i32 {\nentry:\n  %0 = add.i32 i64 1, i32 2\n  ret %0\n}"), 3u);
  EXPECT_EQ(line_of("func @f() -> i32 {\nentry:\n  ret i32 99999999999999999999\n}"), 3u);
  EXPECT_EQ(line_of("func @f() -> i32 {\nentry:\n  ret i32 1\nentry:\n  ret i32 1\n}"), 4u);
  EXPECT_EQ(line_of("func @f() -> i32 {\nentry:\n  store i32 1, $0\n  ret i32 1\n}"), 3u);
  EXPECT_EQ(line_of("func @f() -> i32 {\nentry:\n  ret i32 1"), 3u);
  EXPECT_EQ(line_of("func @f() -> i32 {\n}"), 2u);
  EXPECT_EQ(line_of("global @g section \"x"), 1u);
  EXPECT_EQ(line_of("func @f() -> i32 {\na:\n  %1 = add.i32 %2, i32 1\n  %2 = add.i32 i32 1, i32 1\n  ret %1\n}"), 3u);
}

TEST(Text, AnyPrefixAndAnyFlippedByteIsReadOrRefused) {
  for (size_t n = 0; n < kEverything.size(); n++) read(kEverything.substr(0, n));
  for (size_t n = 0; n < kEverything.size(); n++)
    for (const char c : {'\0', '"', '%', '9', '}', '@'}) {
      std::string text(kEverything);
      text[n] = c;
      read(text);
    }
}

TEST(Text, LinesAreShownOnRequest) {
  Read r = read("func @f() -> i32 {\nentry:\n  ret i32 1\n}");
  EXPECT_EQ(print(*r.module, PrintOptions{.lines = true}), "func @f() -> i32 {\nentry:\n  ret i32 1 !3\n}\n");
}

}  // namespace
}  // namespace spile::ir::test
