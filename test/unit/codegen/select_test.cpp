// Which instructions are chosen. The texts are what clang-19 -O2 gives for the same thing, or shorter.
#include "backend/isel/isel.h"
#include "test/unit/codegen/codegen_test.h"

namespace spile::codegen::test {
namespace {

// The code of a function with the given parameters, result and body.
std::string code(std::string_view parameters, std::string_view result, std::string_view body, unsigned mcpu = 3) {
  return assembly(fmt::format("func @f({}) -> {} global section \"socket\" {{\n{}}}\n", parameters, result, body),
                  mcpu);
}

TEST(Select, KillProbe) {
  EXPECT_EQ(assembly(R"(
global @kill_map section "maps" size 20 align 4 bytes "0100000008000000010000000100000000000000"
func @handle(ptr %p0) -> i32 global section "tracepoint/syscalls/sys_enter_kill" {
  slot $0 size 1 align 1 "value"
  slot $1 size 8 align 8 "key"
entry:
  %0 = load.i64 %p0, 24
  %1 = icmp.eq %0, i64 9
  branch %1, hit, out
hit:
  %2 = load.i64 %p0, 16
  store %2, $1
  store i8 1, $0
  %3 = call_helper.i64 2(@kill_map, $1, $0, i64 1)
  jump out
out:
  ret i32 0
}
)"),
            R"(r2 = *(u64 *)(r1 + 0x18)
if r2 != 0x9 goto +0xb
r1 = *(u64 *)(r1 + 0x10)
*(u64 *)(r10 - 0x8) = r1
*(u8 *)(r10 - 0x9) = 0x1
r1 = 0x0 ll
r2 = r10
r2 += -0x8
r3 = r10
r3 += -0x9
r4 = 0x1
call 0x2
w0 = 0x0
exit
)");
}

TEST(Select, NarrowArithmeticIsOf32BitsAndItsExtensionFree) {
  EXPECT_EQ(code("ptr %p0", "i64", R"(
entry:
  %0 = load.i32 %p0
  %1 = mul.i32 %0, i32 3
  %2 = zext.i64 %1
  ret %2
)"),
            "r0 = *(u32 *)(r1 + 0x0)\nw0 *= 0x3\nexit\n");
}

// Linux 6.18 forgets which frame `number += pointer` leads into.
TEST(Select, ANumberIsAddedToAnAddressInAFrameNotTheAddressToIt) {
  EXPECT_EQ(code("i64 %p0", "i32", R"(
  slot $0 size 16 align 8 "a"
entry:
  %0 = ptradd $0, %p0
  store i8 1, %0
  %1 = call_helper.i64 42($0)
  ret i32 0
)"),
            "r2 = r1\nr1 = r10\nr1 += -0x10\nr3 = r1\nr3 += r2\n*(u8 *)(r3 + 0x0) = 0x1\ncall 0x2a\nw0 = 0x0\nexit\n");
}

TEST(Select, ANumberIsAddedToWhatAStaticFunctionWasGiven) {
  EXPECT_EQ(assembly(R"(
func @g(ptr %p0, i64 %p1) -> i32 noinline {
entry:
  %0 = ptradd %p0, %p1
  store i8 1, %0
  %1 = load.i32 %p0, 4
  ret %1
}
func @f(i64 %p0) -> i32 global section "socket" {
  slot $0 size 16 align 8 "a"
entry:
  %0 = call.i32 @g($0, %p0)
  ret %0
}
)"),
            "r3 = r1\nr3 += r2\n*(u8 *)(r3 + 0x0) = 0x1\nr0 = *(u32 *)(r1 + 0x4)\nexit\n");
}

TEST(Select, TruncationCostsNothingAndExtensionOfItAMove) {
  EXPECT_EQ(code("i64 %p0", "i64", R"(
entry:
  %0 = trunc.i32 %p0
  %1 = zext.i64 %0
  ret %1
)"),
            "w0 = w1\nexit\n");
}

TEST(Select, ABytesUpperBitsAreClearedWhereTheyShow) {
  EXPECT_EQ(code("i64 %p0", "i32", R"(
entry:
  %0 = trunc.i8 %p0
  %1 = icmp.ugt %0, i8 -56
  branch %1, a, b
a:
  ret i32 1
b:
  ret i32 2
)"),
            "w1 &= 0xff\nw0 = 0x1\nif w1 > 0xc8 goto +0x1\nw0 = 0x2\nexit\n");
}

TEST(Select, ABitTestIsOneJump) {
  EXPECT_EQ(code("i64 %p0", "i32", R"(
entry:
  %0 = and.i64 %p0, i64 4
  %1 = icmp.ne %0, i64 0
  branch %1, a, b
a:
  ret i32 1
b:
  ret i32 2
)"),
            "w0 = 0x1\nif r1 & 0x4 goto +0x1\nw0 = 0x2\nexit\n");
}

TEST(Select, OldTargetsHaveNeither32BitOperationsNorLessJumps) {
  const char *body = R"(
entry:
  %0 = add.i32 %p0, i32 7
  %1 = icmp.ult %0, i32 100
  branch %1, a, b
a:
  ret i32 1
b:
  ret i32 2
)";
  EXPECT_EQ(code("i32 %p0", "i32", body, 1),
            "r1 += 0x7\nr1 <<= 0x20\nr1 >>= 0x20\nr0 = 0x2\nif r1 >= 0x64 goto +0x1\nr0 = 0x1\nexit\n");
  EXPECT_EQ(code("i32 %p0", "i32", body, 3), "w1 += 0x7\nw0 = 0x1\nif w1 < 0x64 goto +0x1\nw0 = 0x2\nexit\n");
}

TEST(Select, SignedDivisionIsExpandedBeforeV4) {
  const char *body = "entry:\n  %0 = sdiv.i64 %p0, i64 10\n  ret %0\n";
  EXPECT_EQ(code("i64 %p0", "i64", body, 4), "r1 s/= 0xa\nr0 = r1\nexit\n");
  EXPECT_EQ(code("i64 %p0", "i64", body, 3),
            "r0 = r1\nif r0 s>= 0x0 goto +0x1\nr0 = -r0\nr0 /= 0xa\nif r1 s>= 0x0 goto +0x1\nr0 = -r0\nexit\n");
}

TEST(Select, OffsetsAreFoldedAndConstantsStoredDirectly) {
  EXPECT_EQ(code("ptr %p0", "i32", R"(
entry:
  %0 = ptradd %p0, i64 40
  store i32 -1, %0, 4
  store i64 -2, %0, 8
  ret i32 0
)"),
            "*(u32 *)(r1 + 0x2c) = -0x1\n*(u64 *)(r1 + 0x30) = -0x2\nw0 = 0x0\nexit\n");
}

TEST(Select, ASelectionComparesItsCopy) {
  EXPECT_EQ(code("i64 %p0", "i64", R"(
entry:
  %0 = icmp.ult %p0, i64 100
  %1 = select.i64 %0, %p0, i64 100
  ret %1
)"),
            "if r1 < 0x64 goto +0x1\nr1 = 0x64\nr0 = r1\nexit\n");
}

TEST(Select, AWideConstantIsMadeBeforeTheLoop) {
  EXPECT_EQ(code("i64 %p0", "i64", R"(
entry:
  jump loop
loop:
  %0 = phi.i64 [%p0, entry], [%1, loop]
  %1 = mul.i64 %0, i64 0x123456789ab
  %2 = icmp.ne %1, i64 0
  branch %2, loop, out
out:
  ret %1
)"),
            "r2 = 0x123456789ab ll\nr1 *= r2\nif r1 != 0x0 goto -0x2\nr0 = r1\nexit\n");
}

TEST(Select, AValueThatLivesAcrossACallIsInASavedRegister) {
  EXPECT_EQ(code("ptr %p0", "i64", R"(
entry:
  %0 = call_helper.i64 5()
  %1 = load.i64 %p0
  %2 = add.i64 %0, %1
  ret %2
)"),
            "r6 = r1\ncall 0x5\nr1 = *(u64 *)(r6 + 0x0)\nr0 += r1\nexit\n");
}

TEST(Select, PacketLoadsKeepTheContextInR6) {
  EXPECT_EQ(code("ptr %p0", "i32", R"(
entry:
  %0 = load_abs.i16 %p0, 12
  %1 = load_abs.i8 %p0, 23
  %2 = zext.i32 %0
  %3 = zext.i32 %1
  %4 = add.i32 %2, %3
  ret %4
)"),
            "r6 = r1\nr0 = *(u16 *)skb[0xc]\nr7 = r0\nr0 = *(u8 *)skb[0x17]\nw0 += w7\nexit\n");
}

// What is loaded for a second jump behind the first one would not be there on the first one's way.
TEST(Select, ABlockHasOneConditionalJumpAtMost) {
  const Compiled c = compile(R"(
func @f(i64 %p0, i64 %p1, ptr %p2) -> i64 global section "socket" {
entry:
  %0 = smod.i64 %p0, %p1
  %1 = icmp.slt %0, i64 9
  %2 = icmp.ne %p1, i64 0
  %3 = and.i1 %1, %2
  %4 = select.i64 %3, %p0, %p1
  branch %3, a, b
a:
  switch %4, b [3: b, 4: c, 5: c, 6: c, 9: d, 11: d, 200: c]
b:
  memset %p2, i8 0, 256
  ret %0
c:
  ret %4
d:
  ret i64 1
}
)");
  ASSERT_TRUE(c.object);
  const auto code = isel::select(*c.module, ir::FunctionId(0), {}, *c.diags);
  ASSERT_TRUE(code);
  unsigned jumps = 0;
  for (const mir::Block &block : code->blocks) {
    const auto count = std::ranges::count(block.insts, mir::Form::CondJump, &mir::Inst::form);
    EXPECT_LE(count, 1);
    jumps += static_cast<unsigned>(count);
  }
  EXPECT_GT(jumps, 6u);
}

}  // namespace
}  // namespace spile::codegen::test
