// Rules that the kernel's own tests of its verifier go through, each with a program that keeps it and one that breaks
// it.
#include "fixture.h"

namespace spile::verifier::testing {
namespace {

constexpr uint8_t kCall = 0x85;

Insn call_local(int32_t distance) { return {.opcode = kCall, .src = kPseudoCall, .imm = distance}; }

TEST_F(VerifierTest, AFunctionWithoutBtfCannotReturnEarly) {
  // Without BTF nobody knows that the caller can take a number.
  rejects({call_local(1), exit(), mov64_reg(R6, R1), load_abs(W, 0), exit()}, "EarlyReturn",
          "LD_ABS is not allowed in subprogs without BTF", 3, "socket");
  accepts({mov64_reg(R6, R1), load_abs(W, 0), exit()}, "socket");
}

TEST_F(VerifierTest, StrictAlignmentCountsFromTheHeaders) {
  const std::initializer_list<Code> at_two = {
      load(W, R2, R1, 76),          load(W, R3, R1, 80), mov64_reg(R4, R2), alu64(ADD, R4, 16),
      branch64_reg(JGT, R4, R3, 1), load(W, R0, R2, 2),  mov64(R0, 0),      exit()};
  const std::initializer_list<Code> at_zero = {
      load(W, R2, R1, 76),          load(W, R3, R1, 80), mov64_reg(R4, R2), alu64(ADD, R4, 16),
      branch64_reg(JGT, R4, R3, 1), load(W, R0, R2, 4),  mov64(R0, 0),      exit()};
  accepts(at_zero, "tc");
  options.strict_alignment = true;
  accepts(at_two, "tc");
  rejects(at_zero, "MisalignedPacket", "misaligned packet access off 2+0+0+4 size 4", 5, "tc");
}

TEST_F(VerifierTest, OnlySomeProgramsMaySleep) {
  options.sleepable = true;
  accepts({mov64(R0, 0), exit()}, "uprobe");
  rejects({mov64(R0, 0), exit()}, "KfuncRule", "programs can be sleepable", 0, "xdp");
}

TEST_F(VerifierTest, AMissingKernelFunctionMustNotBeReached) {
  const Insn missing{.opcode = kCall, .src = kPseudoKfuncCall};
  rejects({missing, mov64(R0, 0), exit()}, "KfuncRule", "invalid kernel function call not eliminated", 0);
  accepts({mov64(R0, 0), branch64(JEQ, R0, 0, 1), missing, exit()});
}

TEST_F(VerifierTest, CallsThroughRegistersAreForNoKernel) {
  rejects({mov64(R0, 0), Insn{.opcode = 0x8d}, exit()}, "UnknownOpcode", "unknown opcode 8d", 1);
}

TEST_F(VerifierTest, WideContextFieldsAreAlignedInTheContext) {
  // msg_src_ip6 begins at 44: its second and third words lie on a multiple of 8.
  accepts({load(DW, R0, R1, 48), mov64(R0, 1), exit()}, "cgroup/sendmsg6");
  rejects({load(DW, R0, R1, 44), mov64(R0, 1), exit()}, "ContextBounds", "invalid bpf_context access off=44 size=8", 0,
          "cgroup/sendmsg6");
}

TEST_F(VerifierTest, AnObjectOfAnUnknownStructIsStillAPointer) {
  // No BTF of the kernel here: the pointer is one all the same, and no verdict.
  rejects({load(DW, R0, R1, 0), exit()}, "ReturnRange", "At program exit the register R0 is not a known value", 1,
          "netfilter");
}

}  // namespace
}  // namespace spile::verifier::testing
