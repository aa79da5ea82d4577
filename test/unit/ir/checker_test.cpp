#include "ir/checker.h"

#include "test/unit/ir/ir_test.h"

namespace spile::ir::test {
namespace {

// The checker's sentence for a module that reads well but does not hold; empty when it holds.
std::string fault_of(std::string_view text) {
  const Read r = read(text);
  return r.module ? "" : r.diags->all().front().message;
}

std::string in_function(std::string_view body) {
  return "func @f(ptr %p, i32 %x) -> i32 {\n" + std::string(body) + "\n}";
}

TEST(Checker, TypesAreThoseOfTheTable) {
  EXPECT_EQ(fault_of(in_function("e: %1 = add.i32 %x, i64 1\n ret %1")), "in `f`: operand 2 is i64, not i32");
  EXPECT_EQ(fault_of(in_function("e: %1 = ptradd %p, i32 1\n ret i32 0")), "in `f`: operand 2 is i32, not i64");
  EXPECT_EQ(fault_of(in_function("e: %1 = zext.i16 %x\n ret i32 0")), "in `f`: i32 does not widen to i16");
  EXPECT_EQ(fault_of(in_function("e: %1 = load.i1 %p\n ret i32 0")), "in `f`: i1 cannot be in memory");
  EXPECT_EQ(fault_of(in_function("e: branch %x, a, a\n a: ret i32 0")), "in `f`: operand 1 is i32, not i1");
  EXPECT_EQ(fault_of(in_function("e: ret i64 0")), "in `f`: operand 1 is i64, not i32");
  EXPECT_EQ(fault_of(in_function("e: ret")), "in `f`: 0 values are returned from a function of type i32");
}

TEST(Checker, CallsMatchTheirFunction) {
  const std::string callee = "func @g(i32 %a) -> i64 extern\n";
  EXPECT_EQ(fault_of(callee + in_function("e: %1 = call.i64 @g(%x)\n ret i32 0")), "");
  EXPECT_EQ(fault_of(callee + in_function("e: %1 = call.i64 @g()\n ret i32 0")),
            "in `f`: 0 arguments for 1 parameters");
  EXPECT_EQ(fault_of(callee + in_function("e: %1 = call.i32 @g(%x)\n ret i32 0")), "in `f`: `g` returns i64");
}

TEST(Checker, PhisHaveOneOperandForEachPredecessor) {
  EXPECT_EQ(fault_of(in_function("e: jump a\n a: %1 = phi.i32 [%x, e], [%x, a]\n ret %1")),
            "in `f`: 2 operands for 1 predecessors");
  EXPECT_EQ(fault_of(in_function("e: jump a\n a: %1 = phi.i32 [%x, a]\n ret %1")),
            "in `f`: the blocks of the phi are not the predecessors");
  EXPECT_EQ(fault_of(in_function("e: switch %x, a [1: a, 2: a]\n a: %1 = phi.i32 [%x, e]\n ret %1")), "");
  EXPECT_EQ(fault_of(in_function("e: jump a\n a: %0 = add.i32 %x, %x\n %1 = phi.i32 [%x, e]\n ret %1")),
            "in `f`: a phi stands behind another instruction");
}

TEST(Checker, DefinitionsDominateUses) {
  EXPECT_EQ(fault_of(in_function(
                "e: %c = icmp.eq %x, i32 0\n branch %c, a, b\n a: %1 = add.i32 %x, %x\n jump b\n b: ret %1")),
            "in `f`: operand 1 is not defined on every path to its use");
  EXPECT_EQ(
      fault_of(in_function("e: jump a\n dead: %2 = add.i32 %3, %3\n %3 = add.i32 %x, %x\n jump dead\n a: ret %x")), "");
}

TEST(Checker, TheEntryIsNoTarget) {
  EXPECT_EQ(fault_of(in_function("e: jump e")), "in `f`: the entry block is a target");
}

}  // namespace
}  // namespace spile::ir::test
