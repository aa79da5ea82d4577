// Each pass: that it does what it is for, and that it does not where that would be wrong.
#include "test/unit/ir/ir_test.h"

namespace spile::ir::test {
namespace {

void expect(std::string_view passes, std::string_view before, std::string_view expected) {
  EXPECT_EQ(after(passes, before), canonical(expected)) << passes;
}
void expect_unchanged(std::string_view passes, std::string_view text) { expect(passes, text, text); }

// ---------------------------------------------------------------- mem2reg

TEST(Mem2reg, JoinsStoresWithAPhi) {
  expect("mem2reg",
         "func @f(i32 %x, i1 %c) -> i32 { slot $0 size 4\n"
         "entry: store %x, $0\n branch %c, a, b\n a: store i32 7, $0\n jump b\n b: %v = load.i32 $0\n ret %v }",
         "func @f(i32 %x, i1 %c) -> i32 { slot $0 size 0\n"
         "entry: branch %c, a, b\n a: jump b\n b: %v = phi.i32 [%x, entry], [i32 7, a]\n ret %v }");
}

TEST(Mem2reg, CarriesValuesAroundALoop) {
  expect("mem2reg",
         "func @f(i32 %n) -> i32 { slot $0 size 4\n"
         "entry: store i32 0, $0\n jump head\n"
         "head: %i = load.i32 $0\n %c = icmp.ult %i, %n\n branch %c, body, out\n"
         "body: %j = load.i32 $0\n %k = add.i32 %j, i32 1\n store %k, $0\n jump head\n"
         "out: ret %i }",
         "func @f(i32 %n) -> i32 { slot $0 size 0\n"
         "entry: jump head\n"
         "head: %i = phi.i32 [i32 0, entry], [%k, body]\n %c = icmp.ult %i, %n\n branch %c, body, out\n"
         "body: %k = add.i32 %i, i32 1\n jump head\n"
         "out: ret %i }");
}

TEST(Mem2reg, LeavesSlotsThatMustBeMemory) {
  // The address goes to a helper; the widths differ; volatile.
  expect_unchanged(
      "mem2reg",
      "func @f(i32 %x) -> i32 { slot $0 size 4\n entry: store %x, $0\n %0 = call_helper.i64 1($0)\n ret %x }");
  expect_unchanged("mem2reg",
                   "func @f(i32 %x) -> i8 { slot $0 size 4\n entry: store %x, $0\n %0 = load.i8 $0\n ret %0 }");
  expect_unchanged(
      "mem2reg",
      "func @f(i32 %x) -> i32 { slot $0 size 4\n entry: store %x, $0 volatile\n %0 = load.i32 $0\n ret %0 }");
}

// ---------------------------------------------------------------- sroa

TEST(Sroa, SplitsAStructIntoItsFields) {
  expect("sroa,mem2reg",
         "func @f(i64 %x) -> i64 { slot $0 size 24\n"
         "entry: memset $0, i8 0, 24 align 8\n store %x, $0, 8\n %a = load.i64 $0\n %b = load.i64 $0, 8\n"
         "%c = add.i64 %a, %b\n ret %c }",
         "func @f(i64 %x) -> i64 { slot $0 size 0\n slot $1 size 0\n slot $2 size 0\n"
         "entry: %c = add.i64 i64 0, %x\n ret %c }");
}

TEST(Sroa, CopiesFieldByField) {
  expect("sroa,mem2reg",
         "func @f(ptr %p) -> i32 { slot $0 size 8 align 4\n slot $1 size 8 align 4\n"
         "entry: memcopy $0, %p, 8 align 4\n memcopy $1, $0, 8 align 4\n %a = load.i32 $1, 4\n ret %a }",
         "func @f(ptr %p) -> i32 { slot $0 size 0 align 4\n slot $1 size 0 align 4\n slot $2 size 0 align 4\n slot $3 "
         "size 0 align 4\n"
         "entry: %a = load.i32 %p, 4 align 4\n ret %a }");
}

TEST(Sroa, KeepsPaddingThatIsCopiedOut) {
  expect("sroa,mem2reg",
         "func @f(ptr %p, i32 %x) -> i32 { slot $0 size 8 align 4\n"
         "entry: memset $0, i8 0, 8 align 4\n store %x, $0\n memcopy %p, $0, 8 align 4\n ret %x }",
         "func @f(ptr %p, i32 %x) -> i32 { slot $0 size 0 align 4\n slot $1 size 0 align 4\n slot $2 size 0 align 4\n"
         "entry: store %x, %p align 4\n store i32 0, %p, 4 align 4\n ret %x }");
}

TEST(Sroa, LeavesSlotsWithUnknownOffsetsOrUsers) {
  expect_unchanged("sroa",
                   "func @f(i64 %i) -> i8 { slot $0 size 16\n entry: store i64 0, $0\n %p = ptradd $0, %i\n %v = "
                   "load.i8 %p\n ret %v }");
  expect_unchanged("sroa",
                   "func @f(i64 %x) -> i64 { slot $0 size 16\n entry: store %x, $0\n store %x, $0, 8\n %r = "
                   "call_helper.i64 1($0)\n ret %r }");
  expect_unchanged("sroa",
                   "func @f(i64 %x) -> i64 { slot $0 size 8\n entry: store %x, $0, 4\n ret %x }");  // runs over the end
}

// ---------------------------------------------------------------- simplify

std::string simplified(std::string_view expression) {
  const std::string text =
      after("simplify,dce",
            "func @f(i32 %x, i64 %y, i8 %z, ptr %p) -> i32 { entry: " + std::string(expression) + "\n ret %r }");
  const size_t begin = text.find("entry:\n") + 7;
  return text.substr(begin, text.rfind("}\n") - begin);
}

TEST(Simplify, FoldsByTheInstructionSet) {
  EXPECT_EQ(simplified("%r = udiv.i32 i32 7, i32 0"), "  ret i32 0\n");
  EXPECT_EQ(simplified("%r = umod.i32 i32 7, i32 0"), "  ret i32 7\n");
  EXPECT_EQ(simplified("%r = sdiv.i32 i32 -2147483648, i32 -1"), "  ret i32 -2147483648\n");
  EXPECT_EQ(simplified("%r = shl.i32 i32 1, i32 33"), "  ret i32 2\n");
  EXPECT_EQ(simplified("%a = add.i8 i8 127, i8 1\n %r = sext.i32 %a"), "  ret i32 -128\n");
  EXPECT_EQ(simplified("%a = icmp.ult i8 -1, i8 1\n %r = zext.i32 %a"), "  ret i32 0\n");
  EXPECT_EQ(simplified("%a = bswap.i16 i16 0x1234\n %r = zext.i32 %a"), "  ret i32 13330\n");
}

TEST(Simplify, KnowsIdentities) {
  EXPECT_EQ(simplified("%r = mul.i32 i32 8, %x"), "  %0 = shl.i32 %p0, i32 3\n  ret %0\n");
  EXPECT_EQ(simplified("%r = umod.i32 %x, i32 16"), "  %0 = and.i32 %p0, i32 15\n  ret %0\n");
  EXPECT_EQ(simplified("%r = sdiv.i32 %x, i32 16"), "  %0 = sdiv.i32 %p0, i32 16\n  ret %0\n");
  EXPECT_EQ(simplified("%a = add.i32 %x, i32 3\n %r = sub.i32 %a, i32 3"), "  ret %p0\n");
  EXPECT_EQ(simplified("%a = zext.i64 %x\n %r = trunc.i32 %a"), "  ret %p0\n");
  EXPECT_EQ(simplified("%a = zext.i32 %z\n %r = and.i32 %a, i32 255"), "  %0 = zext.i32 %p2\n  ret %0\n");
  EXPECT_EQ(simplified("%a = trunc.i8 %x\n %r = zext.i32 %a"), "  %0 = and.i32 %p0, i32 255\n  ret %0\n");
  EXPECT_EQ(simplified("%a = icmp.eq %x, i32 3\n %b = zext.i32 %a\n %c = icmp.eq %b, i32 0\n %r = zext.i32 %c"),
            "  %0 = icmp.ne %p0, i32 3\n  %1 = zext.i32 %0\n  ret %1\n");
  EXPECT_EQ(simplified("%a = bswap.i32 %x\n %c = icmp.eq %a, i32 1\n %r = zext.i32 %c"),
            "  %0 = icmp.eq %p0, i32 16777216\n  %1 = zext.i32 %0\n  ret %1\n");
}

TEST(Simplify, FoldsOffsetsIntoAccesses) {
  EXPECT_EQ(simplified("%q = ptradd %p, i64 8\n %s = ptradd %q, i64 4\n %r = load.i32 %s, 4"),
            "  %0 = load.i32 %p3, 16\n  ret %0\n");
  EXPECT_EQ(simplified("%q = ptradd %p, i64 40000\n %r = load.i32 %q"),
            "  %0 = ptradd %p3, i64 40000\n  %1 = load.i32 %0\n  ret %1\n");
}

TEST(Simplify, KeepsChecksThatProveSomethingToTheKernel) {
  // The kernel does not know the range of a remainder.
  EXPECT_EQ(simplified("%a = umod.i32 %x, i32 10\n %c = icmp.ult %a, i32 10\n %r = zext.i32 %c"),
            "  %0 = umod.i32 %p0, i32 10\n  %1 = icmp.ult %0, i32 10\n  %2 = zext.i32 %1\n  ret %2\n");
  EXPECT_EQ(simplified("%a = and.i32 %x, i32 7\n %c = icmp.ult %a, i32 8\n %r = zext.i32 %c"), "  ret i32 1\n");
  // A sum that was checked is not taken apart.
  EXPECT_EQ(simplified("%a = add.i32 %x, i32 1\n %c = icmp.ult %a, i32 9\n %d = zext.i32 %c\n %b = add.i32 %a, i32 1\n "
                       "%r = add.i32 %b, %d"),
            "  %0 = add.i32 %p0, i32 1\n  %1 = icmp.ult %0, i32 9\n  %2 = zext.i32 %1\n  %3 = add.i32 %0, i32 1\n  %4 "
            "= add.i32 %3, %2\n  ret %4\n");
}

TEST(Simplify, ReadsConstantGlobalsButNotThoseOfTheLoader) {
  const std::string use = "func @f() -> i32 { entry: %0 = load.i32 @g, 4\n ret %0 }";
  EXPECT_NE(after("simplify", "global @g section \".rodata\" size 8 const bytes \"0000000001020000\"\n" + use)
                .find("ret i32 513"),
            std::string::npos);
  EXPECT_NE(after("simplify", "global @g section \".rodata\" size 8 const volatile bytes \"0000000001020000\"\n" + use)
                .find("load"),
            std::string::npos);
  EXPECT_NE(after("simplify", "global @g section \".data\" size 8 bytes \"0000000001020000\"\n" + use).find("load"),
            std::string::npos);
}

// ---------------------------------------------------------------- control flow

TEST(SimplifyCfg, FoldsDecidedBranchesAndMergesBlocks) {
  expect("simplify-cfg",
         "func @f() -> i32 { entry: branch i1 1, a, b\n a: jump out\n b: jump out\n out: %0 = phi.i32 [i32 1, a], [i32 "
         "2, b]\n ret %0 }",
         "func @f() -> i32 { entry: ret i32 1 }");
  expect("simplify-cfg", "func @f(i32 %x) -> i32 { entry: switch i32 2, a [1: a, 2: b]\n a: ret i32 1\n b: ret %x }",
         "func @f(i32 %x) -> i32 { entry: ret %x }");
}

TEST(SimplifyCfg, KeepsBlocksThatTellValuesApart) {
  expect_unchanged("simplify-cfg",
                   "func @f(i1 %c) -> i32 { entry: branch %c, a, out\n a: jump out\n out: %0 = phi.i32 [i32 1, a], "
                   "[i32 2, entry]\n ret %0 }");
}

TEST(SimplifyCfg, KeepsEndlessLoops) {
  expect("simplify-cfg", "func @f() -> i32 { entry: jump a\n a: jump b\n b: jump a }",
         "func @f() -> i32 { entry: jump a\n a: jump a }");
}

TEST(Simplify, KnowsTheBitsOfWhatIsComputed) {
  // A shift of what has no bits there, a mask that takes nothing away, a check that always holds.
  expect("simplify,dce",
         "func @f(i32 %x, ptr %p) -> i32 { entry: %0 = zext.i64 %x\n %1 = lshr.i64 %0, i64 32\n store %1, %p\n"
         "%2 = and.i32 %x, i32 60\n %3 = shl.i32 %2, i32 1\n %4 = and.i32 %3, i32 127\n %5 = add.i32 %4, i32 1\n"
         "%6 = icmp.ult %5, i32 122\n branch %6, a, b\n a: ret %5\n b: ret i32 0 }",
         "func @f(i32 %x, ptr %p) -> i32 { entry: store i64 0, %p\n %2 = and.i32 %x, i32 60\n"
         "%3 = shl.i32 %2, i32 1\n %5 = add.i32 %3, i32 1\n branch i1 1, a, b\n a: ret %5\n b: ret i32 0 }");
  // What the kernel does not find out stays: the remainder's range, a sum that may wrap.
  expect_unchanged("simplify",
                   "func @f(i32 %x) -> i32 { entry: %0 = umod.i32 %x, i32 10\n %1 = icmp.ult %0, i32 10\n"
                   "branch %1, a, b\n a: ret %0\n b: ret i32 7 }");
  expect_unchanged("simplify",
                   "func @f(i32 %x) -> i32 { entry: %0 = or.i32 %x, i32 1\n %1 = add.i32 %0, i32 1\n"
                   "%2 = icmp.ugt %1, i32 1\n %3 = zext.i32 %2\n ret %3 }");
}

TEST(Simplify, ComparesWhatWasExtended) {
  expect("simplify,dce",
         "func @f(i8 %x) -> i32 { entry: %0 = sext.i32 %x\n %1 = icmp.eq %0, i32 -2\n branch %1, a, b\n a: ret i32 1\n"
         "b: ret i32 2 }",
         "func @f(i8 %x) -> i32 { entry: %0 = zext.i32 %x\n %1 = icmp.eq %0, i32 254\n branch %1, a, b\n a: ret i32 1\n"
         "b: ret i32 2 }");
  expect("simplify,dce",
         "func @f(i32 %x) -> i32 { entry: %0 = sext.i64 %x\n %1 = icmp.ult %0, i64 256\n branch %1, a, b\n"
         "a: ret i32 1\n b: ret i32 2 }",
         "func @f(i32 %x) -> i32 { entry: %1 = icmp.ult %x, i32 256\n branch %1, a, b\n a: ret i32 1\n b: ret i32 2 }");
  expect("simplify,dce",
         "func @f(i16 %x) -> i32 { entry: %0 = sext.i64 %x\n %1 = icmp.uge %0, i64 1\n %2 = zext.i32 %1\n ret %2 }",
         "func @f(i16 %x) -> i32 { entry: %0 = zext.i32 %x\n %1 = icmp.ne %0, i32 0\n %2 = zext.i32 %1\n ret %2 }");
  // Not where the constant is beyond the narrow type, and not where an unsigned one would become negative.
  expect_unchanged("simplify",
                   "func @f(i32 %x) -> i32 { entry: %0 = sext.i64 %x\n %1 = icmp.ult %0, i64 4294967296\n"
                   "branch %1, a, b\n a: ret i32 1\n b: ret i32 2 }");
  expect_unchanged("simplify",
                   "func @f(i32 %x) -> i32 { entry: %0 = sext.i64 %x\n %1 = icmp.ugt %0, i64 -5\n branch %1, a, b\n"
                   "a: ret i32 1\n b: ret i32 2 }");
}

TEST(ThreadJumps, SkipsWhatAPredecessorDecided) {
  expect("thread-jumps,simplify-cfg",
         "func @f(i1 %a, i1 %b) -> i32 { entry: branch %a, rest, join\n rest: jump join\n"
         "join: %0 = phi.i32 [i32 0, entry], [i32 1, rest]\n %1 = icmp.ne %0, i32 0\n branch %1, yes, no\n yes: ret "
         "i32 1\n no: ret i32 2 }",
         "func @f(i1 %a, i1 %b) -> i32 { entry: branch %a, rest, no\n rest: ret i32 1\n no: ret i32 2 }");
}

TEST(ThreadJumps, GivesValuesThatAreUsedLaterAnotherDefinition) {
  expect("thread-jumps,simplify-cfg",
         "func @f(i1 %a, i32 %x) -> i32 { entry: branch %a, rest, join\n rest: jump join\n"
         "join: %0 = phi.i32 [i32 0, entry], [%x, rest]\n %1 = icmp.ne %0, i32 0\n branch %1, yes, no\n yes: ret %0\n"
         "no: %2 = add.i32 %0, i32 2\n ret %2 }",
         "func @f(i1 %a, i32 %x) -> i32 { entry: branch %a, rest, no\n rest: %1 = icmp.ne %x, i32 0\n"
         "branch %1, yes, no\n yes: ret %x\n no: %0 = phi.i32 [%x, rest], [i32 0, entry]\n"
         "%2 = add.i32 %0, i32 2\n ret %2 }");
}

TEST(ThreadJumps, AsksTheBranchesBefore) {
  expect("thread-jumps,simplify-cfg",
         "func @f(i1 %a, ptr %p) -> i32 { entry: branch %a, left, right\n left: store i32 1, %p\n jump join\n"
         "right: store i32 2, %p\n jump join\n join: branch %a, yes, no\n yes: ret i32 1\n no: ret i32 2 }",
         "func @f(i1 %a, ptr %p) -> i32 { entry: branch %a, left, right\n left: store i32 1, %p\n ret i32 1\n"
         "right: store i32 2, %p\n ret i32 2 }");
}

TEST(ThreadJumps, LeavesLoopsAndWrites) {
  expect_unchanged(
      "thread-jumps",
      "func @f(i32 %n) -> i32 { entry: jump head\n head: %i = phi.i32 [i32 0, entry], [%j, body]\n"
      "%c = icmp.ult %i, i32 9\n branch %c, body, out\n body: %j = add.i32 %i, i32 1\n jump head\n out: ret i32 0 }");
  expect_unchanged("thread-jumps",
                   "func @f(i1 %a, i32 %x, ptr %p) -> i32 { entry: branch %a, rest, join\n rest: jump join\n"
                   "join: %0 = phi.i32 [i32 0, entry], [%x, rest]\n store %0, %p\n %1 = icmp.ne %0, i32 0\n"
                   "branch %1, yes, no\n yes: ret %0\n no: ret i32 2 }");
}

TEST(RotateLoops, TestsAtTheEnd) {
  expect("rotate-loops,simplify-cfg",
         "func @f(ptr %p) -> i32 { entry: jump head\n head: %i = phi.i32 [i32 0, entry], [%j, body]\n"
         "%c = icmp.ult %i, i32 9\n branch %c, body, out\n body: store %i, %p\n %j = add.i32 %i, i32 1\n jump head\n "
         "out: ret %i }",
         "func @f(ptr %p) -> i32 { entry: jump body\n body: %i = phi.i32 [i32 0, entry], [%j, body]\n store %i, %p\n"
         "%j = add.i32 %i, i32 1\n %c = icmp.ult %j, i32 9\n branch %c, body, out\n out: ret %j }");
}

TEST(RotateLoops, LeavesLoopsThatMayNotRunAndValuesThatJoin) {
  expect_unchanged(
      "rotate-loops",
      "func @f(i32 %n) -> i32 { entry: jump head\n head: %i = phi.i32 [i32 0, entry], [%j, body]\n"
      "%c = icmp.ult %i, %n\n branch %c, body, out\n body: %j = add.i32 %i, i32 1\n jump head\n out: ret %i }");
  // A break joins the exit: what %i is there depends on the way.
  expect_unchanged("rotate-loops",
                   "func @f(i32 %n) -> i32 { entry: jump head\n head: %i = phi.i32 [i32 0, entry], [%j, more]\n"
                   "%c = icmp.ult %i, i32 9\n branch %c, body, out\n body: %d = icmp.eq %i, %n\n branch %d, out, more\n"
                   "more: %j = add.i32 %i, i32 1\n jump head\n out: ret %i }");
}

TEST(MergeTails, MakesEqualExitsOne) {
  expect("merge-tails",
         "func @f(i1 %a, ptr %p) -> i32 { entry: branch %a, x, y\n x: store i32 1, %p\n ret i32 0\n y: store i32 1, "
         "%p\n ret i32 0 }",
         "func @f(i1 %a, ptr %p) -> i32 { entry: branch %a, y, y\n y: store i32 1, %p\n ret i32 0 }");
}

TEST(ShareConstants, MakesThemOnce) {
  expect("share-constants",
         "func @f(i1 %a, i1 %b, i32 %x) -> i32 { entry: branch %a, n, out\n n: branch %b, m, out\n m: jump out\n"
         "out: %0 = phi.i32 [i32 0, entry], [i32 0, n], [%x, m]\n %1 = add.i32 %0, %x\n ret %1 }",
         "func @f(i1 %a, i1 %b, i32 %x) -> i32 { entry: branch %a, n, out.shared\n n: branch %b, m, out.shared\n m: "
         "jump out\n"
         "out: %0 = phi.i32 [%x, m], [i32 0, out.shared]\n %1 = add.i32 %0, %x\n ret %1\n out.shared: jump out }");
}

TEST(ShareConstants, ReturnsEachConstantInOnePlace) {
  expect("share-constants",
         "func @f(i1 %a, i1 %b, i32 %x) -> i32 { entry: branch %a, n, out\n n: branch %b, m, out\n m: jump out\n"
         "out: %0 = phi.i32 [i32 0, entry], [i32 0, n], [%x, m]\n ret %0 }",
         "func @f(i1 %a, i1 %b, i32 %x) -> i32 { entry: branch %a, n, return\n n: branch %b, m, return\n m: jump out\n"
         "out: %0 = phi.i32 [%x, m]\n ret %0\n return: ret i32 0 }");
}

TEST(ShareConstants, LeavesEdgesThatDiffer) {
  expect_unchanged(
      "share-constants",
      "func @f(i1 %a, i1 %b, i32 %x) -> i32 { entry: branch %a, n, out\n n: branch %b, m, out\n m: jump out\n"
      "out: %0 = phi.i32 [i32 0, entry], [i32 1, n], [%x, m]\n %1 = add.i32 %0, %x\n ret %1 }");
}

TEST(MergeTails, LeavesBlocksThatDiffer) {
  expect_unchanged("merge-tails",
                   "func @f(i1 %a, ptr %p) -> i32 { entry: branch %a, x, y\n x: store i32 1, %p\n ret i32 0\n y: store "
                   "i32 1, %p, 4\n ret i32 0 }");
}

// ---------------------------------------------------------------- constants and values

TEST(Sccp, FindsConstantsAroundLoops) {
  expect("sccp,dce",
         "func @f(i32 %n) -> i32 { entry: jump head\n head: %x = phi.i32 [i32 1, entry], [%y, head]\n"
         "%y = mul.i32 %x, %x\n %c = icmp.eq %y, %n\n branch %c, out, head\n out: ret %y }",
         "func @f(i32 %n) -> i32 { entry: jump head\n head: %c = icmp.eq i32 1, %n\n branch %c, out, head\n out: ret "
         "i32 1 }");
}

TEST(Sccp, DoesNotBelieveInChangingValues) {
  expect_unchanged("sccp",
                   "func @f(i32 %n) -> i32 { entry: jump head\n head: %x = phi.i32 [i32 1, entry], [%y, head]\n"
                   "%y = add.i32 %x, %x\n %c = icmp.eq %y, %n\n branch %c, out, head\n out: ret %y }");
}

TEST(Gvn, LoadsAndComputesOnce) {
  expect("gvn",
         "func @f(ptr %p) -> i32 { entry: %a = load.i32 %p, 4\n %b = load.i32 %p, 4\n %c = add.i32 %a, %b\n %d = "
         "add.i32 %b, %a\n"
         "%e = xor.i32 %c, %d\n ret %e }",
         "func @f(ptr %p) -> i32 { entry: %a = load.i32 %p, 4\n %c = add.i32 %a, %a\n %e = xor.i32 %c, %c\n ret %e }");
}

TEST(Gvn, ForwardsStoresAndSeesThroughThoseThatDoNotOverlap) {
  expect("gvn",
         "func @f(ptr %p, i32 %x) -> i32 { entry: store %x, %p\n store i32 1, %p, 4\n %a = load.i32 %p\n ret %a }",
         "func @f(ptr %p, i32 %x) -> i32 { entry: store %x, %p\n store i32 1, %p, 4\n ret %x }");
}

TEST(Gvn, LoadsAgainAfterWhatMayWrite) {
  expect_unchanged("gvn",
                   "func @f(ptr %p, ptr %q) -> i32 { entry: %a = load.i32 %p\n store i32 1, %q\n %b = load.i32 %p\n %c "
                   "= add.i32 %a, %b\n ret %c }");
  expect_unchanged("gvn",
                   "func @f(ptr %p) -> i32 { entry: %a = load.i32 %p\n %r = call_helper.i64 1()\n %b = load.i32 %p\n "
                   "%c = add.i32 %a, %b\n ret %c }");
  expect_unchanged("gvn",
                   "func @f(ptr %p) -> i32 { entry: %a = load.i32 %p volatile\n %b = load.i32 %p volatile\n %c = "
                   "add.i32 %a, %b\n ret %c }");
  // Around the loop memory may change.
  expect_unchanged("gvn",
                   "func @f(ptr %p) -> i32 { entry: %a = load.i32 %p\n jump head\n head: %b = load.i32 %p\n %r = "
                   "call_helper.i64 1()\n"
                   "%c = icmp.eq %b, %a\n branch %c, head, out\n out: ret %b }");
}

TEST(Gvn, KnowsWhatBranchesHaveShown) {
  expect("gvn,simplify-cfg",
         "func @f(i32 %x) -> i32 { entry: %a = icmp.ult %x, i32 8\n branch %a, in, out\n in: %b = icmp.uge %x, i32 8\n "
         "branch %b, out, ok\n"
         "ok: ret i32 1\n out: ret i32 0 }",
         "func @f(i32 %x) -> i32 { entry: %a = icmp.ult %x, i32 8\n branch %a, in, out\n in: ret i32 1\n out: ret i32 "
         "0 }");
}

TEST(Gvn, KnowsRangesBelowBranches) {
  expect("gvn",
         "func @f(i32 %x, ptr %p) -> i32 { entry: %0 = icmp.sge %x, i32 0\n branch %0, a, no\n a: %1 = icmp.ult %x, "
         "i32 9\n"
         "branch %1, b, no\n b: %2 = sext.i64 %x\n store %2, %p\n %3 = icmp.slt %x, i32 20\n branch %3, c, no\n"
         "c: ret i32 1\n no: ret i32 0 }",
         "func @f(i32 %x, ptr %p) -> i32 { entry: %0 = icmp.sge %x, i32 0\n branch %0, a, no\n a: %1 = icmp.ult %x, "
         "i32 9\n"
         "branch %1, b, no\n b: %2 = zext.i64 %x\n store %2, %p\n branch i1 1, c, no\n"
         "c: ret i32 1\n no: ret i32 0 }");
  // Nothing of it on the other side, or for a signed bound of what may be negative.
  expect_unchanged("gvn",
                   "func @f(i32 %x, ptr %p) -> i32 { entry: %0 = icmp.slt %x, i32 9\n branch %0, a, b\n"
                   "a: %1 = icmp.ult %x, i32 20\n branch %1, b, no\n b: %2 = sext.i64 %x\n store %2, %p\n ret i32 1\n"
                   "no: ret i32 0 }");
}

TEST(Gvn, KeepsContextAndPacketApartFromOtherMemory) {
  expect("gvn",
         "func @f(ptr %c) -> i32 global section \"xdp\" { entry: %0 = load.i32 %c\n %1 = zext.i64 %0\n"
         "%2 = inttoptr %1\n %3 = load.i8 %2, 9\n store i32 1, @g\n %4 = load.i32 %c\n %5 = load.i8 %2, 9\n"
         "store %5, %2, 1\n %6 = load.i32 %c\n %7 = add.i32 %4, %6\n ret %7 }\n"
         "global @g global section \".bss\" size 4 align 4",
         "func @f(ptr %c) -> i32 global section \"xdp\" { entry: %0 = load.i32 %c\n %1 = zext.i64 %0\n"
         "%2 = inttoptr %1\n %3 = load.i8 %2, 9\n store i32 1, @g\n store %3, %2, 1\n %7 = add.i32 %0, %0\n ret %7 }\n"
         "global @g global section \".bss\" size 4 align 4");
  // A struct on the stack may hold a pointer to the context.
  expect_unchanged("gvn",
                   "func @f(ptr %c) -> i32 global section \"xdp\" { slot $0 size 16\n entry: %0 = load.ptr $0, 8\n"
                   "%1 = load.i32 %c\n store i32 1, %0\n %2 = load.i32 %c\n %3 = add.i32 %1, %2\n ret %3 }");
  // A subprogram's parameter may be anything, and a helper may move the packet.
  expect_unchanged("gvn",
                   "func @f(ptr %c, ptr %q) -> i32 { entry: %0 = load.i32 %c\n store i32 1, %q\n %1 = load.i32 %c\n"
                   "%2 = add.i32 %0, %1\n ret %2 }");
  expect_unchanged("gvn",
                   "func @f(ptr %c) -> i32 global section \"xdp\" { entry: %0 = load.i32 %c\n"
                   "%1 = call_helper.i64 44(%c, i32 4)\n %2 = load.i32 %c\n %3 = add.i32 %0, %2\n ret %3 }");
}

TEST(Gvn, TakesTheOnlyValueThatWasSet) {
  expect("gvn",
         "func @f(i1 %c, i32 %x) -> i32 { entry: %0 = mul.i32 %x, %x\n branch %c, a, b\n a: jump b\n"
         "b: %1 = phi.i32 [undef.i32, entry], [%0, a]\n ret %1 }",
         "func @f(i1 %c, i32 %x) -> i32 { entry: %0 = mul.i32 %x, %x\n branch %c, a, b\n a: jump b\n b: ret %0 }");
  // Not where it was set on one way only.
  expect_unchanged("gvn",
                   "func @f(i1 %c, i32 %x) -> i32 { entry: branch %c, a, b\n a: %0 = mul.i32 %x, %x\n jump b\n"
                   "b: %1 = phi.i32 [undef.i32, entry], [%0, a]\n ret %1 }");
}

TEST(Gvn, DoesNotTakeValuesFromTheOtherBranch) {
  expect_unchanged("gvn",
                   "func @f(i1 %c, i32 %x) -> i32 { entry: branch %c, a, b\n a: %0 = mul.i32 %x, %x\n ret %0\n b: %1 = "
                   "mul.i32 %x, %x\n ret %1 }");
}

// ---------------------------------------------------------------- dead code and stores

TEST(Dce, RemovesCyclesThatOnlyFeedThemselves) {
  expect("dce",
         "func @f(i1 %c) -> i32 { entry: jump head\n head: %i = phi.i32 [i32 0, entry], [%j, head]\n %j = add.i32 %i, "
         "i32 1\n"
         "branch %c, head, out\n out: ret i32 0 }",
         "func @f(i1 %c) -> i32 { entry: jump head\n head: branch %c, head, out\n out: ret i32 0 }");
  expect_unchanged(
      "dce", "func @f(ptr %p) -> i32 { entry: %a = load.i32 %p volatile\n %r = call_helper.i64 1()\n ret i32 0 }");
}

TEST(Dse, RemovesStoresThatNobodyReads) {
  expect("dse",
         "func @f(i64 %x) -> i32 { slot $0 size 8\n entry: store i64 0, $0\n store %x, $0\n %r = call_helper.i64 "
         "1($0)\n store i64 7, $0\n ret i32 0 }",
         "func @f(i64 %x) -> i32 { slot $0 size 8\n entry: store %x, $0\n %r = call_helper.i64 1($0)\n ret i32 0 }");
}

TEST(Dse, SeesAcrossBlocksAndKnowsHelpersThatFill) {
  expect("dse",
         "func @f(i1 %c, i32 %x) -> i32 { slot $0 size 24\n entry: store i64 0, $0\n store i64 0, $0, 8\n store i64 0, "
         "$0, 16\n branch %c, out, go\n"
         "go: store %x, $0\n store %x, $0, 4\n %p = ptradd $0, i64 8\n %r = call_helper.i64 16(%p, i32 8)\n %s = "
         "call_helper.i64 1($0)\n jump out\n out: ret i32 0 }",
         "func @f(i1 %c, i32 %x) -> i32 { slot $0 size 24\n entry: store i64 0, $0, 16\n branch %c, out, go\n"
         "go: store %x, $0\n store %x, $0, 4\n %p = ptradd $0, i64 8\n %r = call_helper.i64 16(%p, i32 8)\n %s = "
         "call_helper.i64 1($0)\n jump out\n out: ret i32 0 }");
  // 45 reads a string: what lies behind its end stays.
  expect_unchanged(
      "dse",
      "func @f(ptr %x) -> i32 { slot $0 size 8\n entry: store i64 0, $0\n %r = call_helper.i64 45($0, i32 8, %x)\n"
      "%s = call_helper.i64 1($0)\n ret i32 0 }");
}

TEST(Dse, KeepsBytesThatAreStillRead) {
  expect_unchanged("dse",
                   "func @f(i32 %x) -> i32 { slot $0 size 8\n entry: store i64 0, $0\n store %x, $0\n %r = "
                   "call_helper.i64 1($0)\n ret i32 0 }");
  // The address is in memory: the call may reach the slot.
  expect_unchanged("dse",
                   "func @f(ptr %p) -> i32 { slot $0 size 8\n entry: store $0, %p\n store i64 1, $0\n %r = "
                   "call_helper.i64 1(%p)\n ret i32 0 }");
}

// ---------------------------------------------------------------- memory

TEST(ExpandMemory, UsesTheWidestAlignedAccesses) {
  expect("expand-memory",
         "func @f(ptr %p) -> i32 { slot $0 size 16\n entry: memset $0, i8 0, 14 align 8\n memcopy %p, $0, 6 align 2\n "
         "ret i32 0 }",
         "func @f(ptr %p) -> i32 { slot $0 size 16\n entry: store i64 0, $0 align 8\n store i32 0, $0, 8 align 8\n "
         "store i16 0, $0, 12 align 8\n"
         "%a = load.i16 $0 align 2\n store %a, %p align 2\n %b = load.i16 $0, 2 align 2\n store %b, %p, 2 align 2\n"
         "%c = load.i16 $0, 4 align 2\n store %c, %p, 4 align 2\n ret i32 0 }");
}

TEST(ExpandMemory, RefusesWhatTakesTooManyAccesses) {
  Read r = read("func @f(ptr %p) -> i32 { slot $0 size 16384\n entry: memset $0, i8 0, 16384 align 8\n ret i32 0 }");
  ASSERT_TRUE(run_passes(*r.module, "expand-memory", *r.diags));
  ASSERT_EQ(r.diags->error_count(), 1u);
  EXPECT_EQ(r.diags->all()[0].message, "filling 16384 bytes takes 2048 accesses, at most 1024 are generated");
}

// ---------------------------------------------------------------- drop_branches

TEST(DropBranches, LeavesLoopsAndWaysThatDiffer) {
  // A store, another value for the phi, a way back, a value that is used behind the join.
  for (const char *text :
       {"func @f(i1 %c, ptr %p) -> i32 { entry: branch %c, a, out\n a: store i32 1, %p\n jump out\n out: ret i32 0 }",
        "func @f(i1 %c, ptr %p) -> i32 { entry: branch %c, a, out\n a: jump out\n"
        "out: %0 = phi.i32 [i32 1, entry], [i32 2, a]\n ret %0 }",
        "func @f(i1 %c, ptr %p) -> i32 { entry: jump a\n a: %0 = load.i8 %p\n %1 = icmp.eq %0, i8 0\n branch %1, b, "
        "out\n"
        "b: jump a\n out: ret i32 0 }",
        "func @f(i1 %c, ptr %p) -> i32 { entry: branch %c, a, b\n a: ret i32 1\n b: ret i32 2 }"})
    expect_unchanged("drop-branches", text);
}

// ---------------------------------------------------------------- inlining

constexpr std::string_view kTwice = "func @twice(i32 %x) -> i32 { entry: %0 = add.i32 %x, %x\n ret %0 }\n";

TEST(Inline, PutsSmallBodiesInPlaceOfCalls) {
  EXPECT_EQ(
      after(
          "inline,simplify-cfg",
          std::string(kTwice) +
              "func @f(i32 %x) -> i32 global { entry: %0 = call.i32 @twice(%x)\n %1 = call.i32 @twice(%0)\n ret %1 }"),
      canonical(kTwice) +
          "\nfunc @f(i32 %p0) -> i32 global {\nentry:\n  %0 = add.i32 %p0, %p0\n  %1 = add.i32 %0, %0\n  ret %1\n}\n");
}

TEST(Inline, TakesGlobalFunctionsThatTheKernelWouldVerifyAlone) {
  std::string long_body = "{ entry: %0 = load.i32 %p";
  for (int i = 1; i < 30; i++)
    long_body += "\n %" + std::to_string(i) + " = mul.i32 %" + std::to_string(i - 1) + ", %0";
  long_body += "\n ret %29 }\n";
  const std::string callers =
      "func @f(ptr %p) -> i32 global { entry: %0 = call.i32 @g(%p)\n %1 = call.i32 @g(%p)\n %2 = add.i32 %0, %1\n ret "
      "%2 }";
  EXPECT_EQ(after("inline", "func @g(ptr %p) -> i32 global " + long_body + callers).find("call"), std::string::npos);
  expect_unchanged("inline", "func @g(ptr %p) -> i32 " + long_body + callers);
}

TEST(Inline, JoinsReturns) {
  expect("inline,simplify-cfg",
         "func @g(i1 %c) -> i32 always_inline { entry: branch %c, a, b\n a: ret i32 1\n b: ret i32 2 }\n"
         "func @f(i1 %c) -> i32 global { entry: %0 = call.i32 @g(%c)\n ret %0 }",
         "func @g(i1 %c) -> i32 always_inline { entry: branch %c, a, b\n a: ret i32 1\n b: ret i32 2 }\n"
         "func @f(i1 %c) -> i32 global { entry: branch %c, after, b\n after: %0 = phi.i32 [i32 2, b], [i32 1, entry]\n "
         "ret %0\n b: jump after }");
}

TEST(Inline, LeavesNoinlineWeakRecursiveAndCallbacks) {
  for (const char *attribute : {"noinline", "weak"}) {
    const std::string text = "func @g(i32 %x) -> i32 " + std::string(attribute) +
                             " { entry: ret %x }\n"
                             "func @f(i32 %x) -> i32 global { entry: %0 = call.i32 @g(%x)\n ret %0 }";
    expect_unchanged("inline", text);
  }
  expect_unchanged("inline", "func @f(i32 %x) -> i32 global { entry: %0 = call.i32 @f(%x)\n ret %0 }");
  expect_unchanged("inline", std::string(kTwice) +
                                 "func @f(i32 %x) -> i32 global { entry: %0 = call_helper.i64 181(@twice)\n ret %x }");
}

TEST(Inline, AtO0OnlyWhatMust) {
  const std::string six =
      "func @g(i32 %a, i32 %b, i32 %c, i32 %d, i32 %e, i32 %g) -> i32 { entry: ret %g }\n"
      "func @f(i32 %x) -> i32 global { entry: %0 = call.i32 @g(%x, %x, %x, %x, %x, %x)\n ret %0 }";
  EXPECT_EQ(after("O0", six).find("call"), std::string::npos);
  const std::string one =
      std::string(kTwice) + "func @f(i32 %x) -> i32 global { entry: %0 = call.i32 @twice(%x)\n ret %0 }";
  EXPECT_NE(after("O0", one).find("call"), std::string::npos);
}

// ---------------------------------------------------------------- pipeline

TEST(Pipeline, UnknownPassesAreNamedWithTheKnownOnes) {
  Read r = read("func @f() -> i32 { entry: ret i32 0 }");
  const auto result = run_passes(*r.module, "mem2reg,nonsense", *r.diags);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Error::Kind::Usage);
  EXPECT_EQ(result.error().message, "there is no pass named `nonsense`");
  EXPECT_NE(result.error().hint.find("mem2reg"), std::string::npos);
}

TEST(Pipeline, NoLoadComesBeforeItsNullCheck) {
  // The two sides load the same field; neither load may move above the check.
  const std::string text = after("O2",
                                 "global @m section \".maps\" size 32\n"
                                 "func @f(ptr %ctx) -> i32 global section \"xdp\" { slot $0 size 4\n entry: store i32 "
                                 "0, $0\n %v = call_helper.ptr 1(@m, $0)\n"
                                 "%n = icmp.eq %v, ptr 0\n branch %n, none, some\n none: ret i32 0\n some: %q = ptradd "
                                 "%v, i64 8\n %x = load.i32 %q\n ret %x }");
  EXPECT_LT(text.find("icmp.eq"), text.find("load.i32"));
  EXPECT_EQ(text.find("ptradd"), std::string::npos);
}

}  // namespace
}  // namespace spile::ir::test
