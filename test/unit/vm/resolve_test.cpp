#include "runtime/vm/resolve.h"

#include <gtest/gtest.h>

#include "backend/isa/asm.h"
#include "backend/isa/builder.h"

namespace spile::vm {
namespace {

std::string complaint(std::vector<isa::Insn> insns) {
  const auto resolved = resolve_program(insns, {}, nullptr);
  return resolved.has_value() ? "accepted" : resolved.error().message;
}
std::string complaint(std::string_view text) { return complaint(isa::assemble(text).value()); }

TEST(Resolve, SubprogramsOfCallsAndCallbacks) {
  const auto insns = isa::assemble("call b\n r1 = func a ll\n exit\na:\n exit\nb:\n r0 = 0\n exit").value();
  const auto resolved = resolve_program(insns, {}, nullptr);
  ASSERT_TRUE(resolved.has_value()) << resolved.error().message;
  EXPECT_EQ(resolved->subprograms, (std::vector<uint32_t>{0, 4, 5}));
  EXPECT_EQ(resolved->values[0], 5u);
  EXPECT_EQ(resolved->values[1], 4u);
}

TEST(Resolve, StackThatASubprogramMayTouch) {
  const auto touched = [](std::string_view text) {
    const auto insns = isa::assemble(text).value();
    return resolve_program(insns, {}, nullptr).value().stack_bytes[0];
  };
  EXPECT_EQ(touched("r0 = 0\n exit"), 0u);
  EXPECT_EQ(touched("*(u64 *)(r10 - 24) = 0\n r0 = *(u8 *)(r10 - 3)\n exit"), 24u);
  EXPECT_EQ(touched("r2 = r10\n r2 += -8\n r0 = 0\n exit"), 8u);
  EXPECT_EQ(touched("r2 = r10\n r2 += -16\n r3 = r2\n r3 += 8\n *(u64 *)(r3 + 0) = 1\n r0 = 0\n exit"), 16u);
  EXPECT_EQ(touched("r3 = r10\n r3 += -4\n *(u64 *)(r10 - 24) = r3\n r2 = *(u64 *)(r10 - 24)\n r0 = 0\n exit"), 24u);
  EXPECT_EQ(touched("r2 = 0 ll\n r2 += -8\n r0 = 0\n exit"), 0u) << "a number";
  EXPECT_EQ(touched("r2 = r10\n r2 += -8\n r6 = *(u64 *)(r1 + 0)\n r6 += r7\n r6 += -9\n r0 = 0\n exit"), 8u);
  const std::string_view lower[] = {
      "r2 = r10\n r3 = 1\n r2 += -8\n r0 = 0\n exit",
      "r2 = r10\n r2 += -8\n r2 += -8\n r0 = 0\n exit",
      "r2 = r10\n r2 -= 8\n r0 = 0\n exit",
      "r2 = r10\n r2 += -8\n r2 += r1\n r0 = 0\n exit",
      "r2 = r10\n r2 += -8\n r1 += r2\n r0 = 0\n exit",
      "r2 = r10\n r2 += -8\n r3 = r2\n r0 = *(u64 *)(r3 - 8)\n exit",
      "r2 = r10\n r2 += -8\n *(u64 *)(r10 - 16) = r2\n r4 = *(u64 *)(r10 - 16)\n r4 += -8\n r0 = 0\n exit",
      "r3 = *(u64 *)(r10 - 16)\n r3 += -8\n r2 = r10\n r2 += -8\n *(u64 *)(r10 - 16) = r2\n goto -6",
      "r2 = r10\n again: r2 += -8\n if r1 != 0 goto again\n r0 = 0\n exit",
      "r2 = r10\n r2 += -8\n call f\n exit\nf:\n r0 = *(u64 *)(r2 - 64)\n exit",
      "r2 = r10\n r2 += -8\n r3 = func f ll\n r0 = 0\n exit\nf:\n r0 = *(u64 *)(r2 - 64)\n exit",
  };
  for (const std::string_view text : lower) EXPECT_EQ(touched(text), kStackBytes) << text;
  EXPECT_EQ(touched("*(u64 *)(r1 + 0) = r10\n r0 = 0\n exit"), 0u);
  EXPECT_EQ(touched("*(u64 *)(r1 + 0) = r10\n r2 = *(u64 *)(r1 + 0)\n r2 += -8\n r0 = 0\n exit"), kStackBytes);
  EXPECT_EQ(touched("*(u64 *)(r10 - 600) = 0\n exit"), kStackBytes);
}

TEST(Resolve, RefusesWhatWouldLeaveTheProgram) {
  EXPECT_EQ(complaint(std::vector<isa::Insn>{}), "a program without instructions");
  EXPECT_EQ(complaint("r0 = 0"), "the subprogram at instruction 0 runs off its end at 0");
  EXPECT_EQ(complaint("goto +1\n exit"),
            "instruction 0: `goto +0x1`: jumps to 2, which is no instruction of this subprogram");
  EXPECT_EQ(complaint("goto +1\n r0 = 0 ll\n exit"),
            "instruction 0: `goto +0x1`: jumps to 2, which is no instruction of this subprogram");
  EXPECT_EQ(complaint("call f\n goto +0\nf:\n exit"),
            "instruction 1: `goto +0x0`: jumps to 2, which is no instruction of this subprogram");
  EXPECT_EQ(complaint("call pc+5\n exit"), "instruction 0: `call pc+0x5`: the subprogram is outside of the program");
  EXPECT_EQ(complaint({isa::lddw(isa::R1, 0)[0]}), "instruction 0: half of a 64-bit immediate");
  EXPECT_EQ(complaint({{0xff, 0, 0, 0, 0}, isa::exit()}), "instruction 0: unknown opcode 0xff");
  EXPECT_EQ(complaint("r10 = 5\n exit"), "instruction 0: `r10 = 0x5`: r10 is read-only");
  EXPECT_EQ(complaint({isa::mov64(13, 5), isa::exit()}),
            "instruction 0: `<unknown>`: the destination register does not exist");
  EXPECT_EQ(complaint("call kfunc 9\n exit"),
            "instruction 0: `call kfunc 0x9`: kernel functions exist in the kernel only");
  EXPECT_EQ(complaint("r1 = map_fd 3 ll\n exit"),
            "instruction 0: `r1 = map_fd 0x3 ll`: only the kernel knows what this means");
  EXPECT_EQ(complaint("call 9999\n exit"), "instruction 0: `call 0x270f`: helper 9999 is unknown");
}

}  // namespace
}  // namespace spile::vm
