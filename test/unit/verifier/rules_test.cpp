// One rule a test, each with a program that keeps it and one that breaks it.
#include "fixture.h"

namespace spile::verifier::testing {
namespace {

TEST_F(VerifierTest, Structure) {
  accepts({mov64(R0, 0), exit()});
  rejects({}, "NoInstructions", "", 0);
  Code many = mov64(R0, 0);
  many.insns.resize(1'000'001, many.insns[0]);
  rejects({many}, "TooManyInstructions", "argument list too long", 0);
  rejects({mov64(R0, 0), exit(), mov64(R0, 1), exit()}, "Unreachable", "unreachable insn 2", 2);
  rejects({mov64(R0, 0), jump(5), exit()}, "JumpOutOfRange", "jump out of range from insn 1 to 7", 1);
  rejects({branch64(JEQ, R1, 0, 1), lddw(R0, 1), exit()}, "JumpIntoImmediate", "jump into the middle of ldimm64 insn 1",
          1);
  rejects({mov64(R0, 0)}, "FallsThrough", "last insn is not an exit or jmp", 0);
  rejects({Insn{.opcode = 0xff}, exit()}, "UnknownOpcode", "unknown opcode ff", 0);
  rejects({Insn{.opcode = 0xb7, .off = 4}, exit()}, "ReservedField", "BPF_MOV uses reserved fields", 0);
}

TEST_F(VerifierTest, FieldsAreLookedAtWhereAPathComes) {
  const Code dead = branch64(JEQ, R0, 0, 1);
  const Insn exit_with_immediate{.opcode = 0x95, .imm = 3}, unknown_atomic{.opcode = 0xdb, .dst = R10, .imm = 0x77},
      cast_without_arena{.opcode = 0xbf, .dst = R1, .src = R2, .off = 1, .imm = 1},
      no_register{.opcode = 0xbf, .dst = 14};
  for (const Insn &insn : {exit_with_immediate, unknown_atomic, cast_without_arena, no_register})
    accepts({mov64(R0, 0), dead, insn, exit()});
  rejects({mov64(R0, 0), exit_with_immediate}, "ReservedField", "BPF_EXIT uses reserved fields", 1);
  rejects({mov64(R0, 0), unknown_atomic, exit()}, "ReservedField", "BPF_ATOMIC uses invalid atomic opcode 77", 1);
  rejects({cast_without_arena, mov64(R0, 0), exit()}, "BadMapReference", "program that has an associated arena", 0);
  rejects({mov64(R0, 0), Insn{.opcode = 0xe5, .imm = 4}, exit()}, "ReservedField", "invalid may_goto imm 4", 1);
  // But for these, which the kernel looks at before any path.
  rejects({mov64(R0, 0), dead, Insn{.opcode = 0x8d}, exit()}, "UnknownOpcode", "unknown opcode 8d", 2);
  rejects({mov64(R0, 0), dead, Insn{.opcode = 0x79, .dst = R1, .src = R10, .off = -8, .imm = 5}, exit()},
          "ReservedField", "BPF_LDX uses reserved fields", 2);
}

TEST_F(VerifierTest, Registers) {
  rejects({mov64_reg(R0, R3), exit()}, "UninitializedValue", "R3 !read_ok", 0);
  rejects({exit()}, "UninitializedValue", "R0 !read_ok", 0);
  rejects({mov64(R0, 0), mov64(R10, 0), exit()}, "FramePointerWrite", "frame pointer is read only", 1);
  rejects({call(5), mov64_reg(R0, R1), exit()}, "UninitializedValue", "R1 !read_ok", 1);
  accepts({mov64_reg(R6, R1), call(5), mov64_reg(R0, R6), mov64(R0, 0), exit()});
}

TEST_F(VerifierTest, Arithmetic) {
  rejects({mov64(R0, 1), alu64(DIV, R0, 0), exit()}, "DivisionByZero", "div by zero", 1);
  rejects({mov64(R0, 1), alu32(LSH, R0, 32), exit()}, "ShiftTooLarge", "invalid shift 32", 1);
  accepts({mov64(R0, 1), alu64(LSH, R0, 63), exit()});
  accepts({mov64(R0, 1), mov64(R1, 0), alu64_reg(DIV, R0, R1), exit()});
  rejects({alu64(MUL, R1, 2), mov64(R0, 0), exit()}, "PointerArithmetic",
          "pointer arithmetic with *= operator prohibited", 0);
  rejects({alu64(AND, R1, 7), mov64(R0, 0), exit()}, "PointerArithmetic", "bitwise operator &= on pointer prohibited",
          0);
  rejects({alu32(ADD, R1, 7), mov64(R0, 0), exit()}, "PointerArithmetic", "32-bit pointer arithmetic prohibited", 0);
  rejects({alu64_reg(ADD, R1, R10), mov64(R0, 0), exit()}, "PointerArithmetic", "R1 pointer += pointer prohibited", 0);
  accepts({alu64_reg(SUB, R1, R10), mov64(R0, 0), exit()});
  rejects({mov64_reg(R2, R10), alu64(SUB, R2, 8), mov64(R0, 0), exit()}, "PointerArithmetic",
          "subtraction from stack pointer prohibited", 1);
  rejects({call(5), mov64_reg(R2, R10), alu64_reg(ADD, R2, R0), mov64(R0, 0), exit()}, "UnboundedPointer",
          "math between fp pointer and register with unbounded min value is not allowed", 2);
  accepts({mov64_reg(R0, R1), Insn{.opcode = 0x87}, exit()});  // root may compute -ctx
}

TEST_F(VerifierTest, Stack) {
  accepts({store_imm(DW, R10, -8, 1), load(DW, R0, R10, -8), exit()});
  accepts({load(DW, R0, R10, -512), exit()});  // root may read what was never written
  rejects({store_imm(DW, R10, -520, 1), mov64(R0, 0), exit()}, "StackBounds",
          "invalid write to stack R10 off=-520 size=8", 0);
  rejects({load(DW, R0, R10, 0), exit()}, "StackBounds", "invalid read from stack R10 off=0 size=8", 0);
  rejects({store_imm(DW, R10, -12, 1), mov64(R0, 0), exit()}, "MisalignedStack",
          "misaligned stack access off 0+0+-12 size 8", 0);
  rejects({store(W, R10, -8, R1), mov64(R0, 0), exit()}, "PartialPointerStore", "invalid size of register spill", 0);
  rejects({store(DW, R10, -8, R1), load(W, R0, R10, -8), exit()}, "PartialPointerLoad", "invalid size of register fill",
          1);
  // A spilled pointer comes back as one.
  accepts({store(DW, R10, -8, R1), load(DW, R2, R10, -8), load(W, R0, R2, 8), exit()});
  // Half of it overwritten, it does not.
  rejects({store(DW, R10, -8, R1), store_imm(W, R10, -4, 0), load(DW, R2, R10, -8), load(W, R0, R2, 8), exit()},
          "NotAPointer", "R2 invalid mem access 'scalar'", 3);
}

TEST_F(VerifierTest, StackAtVariableOffset) {
  // r2 = fp - 16 + (r0 & 8): one of two slots.
  accepts({call(5), alu64(AND, R0, 8), mov64_reg(R2, R10), alu64(ADD, R2, -16), alu64_reg(ADD, R2, R0),
           store_imm(DW, R2, 0, 1), load(DW, R0, R2, 0), exit()});
  rejects({call(5), alu64(AND, R0, 8), mov64_reg(R2, R10), alu64(ADD, R2, -8), alu64_reg(ADD, R2, R0),
           store_imm(DW, R2, 0, 1), mov64(R0, 0), exit()},
          "StackBounds", "invalid variable-offset write to stack R2 var_off=(0x0; 0x8) off=-8 size=8", 5);
  // The write may have hit the spilled pointer: it is none any more.
  rejects(
      {mov64_reg(R6, R1), store(DW, R10, -8, R1), call(5), alu64(AND, R0, 8), mov64_reg(R2, R10), alu64(ADD, R2, -16),
       alu64_reg(ADD, R2, R0), store_imm(DW, R2, 0, 1), load(DW, R1, R10, -8), load(W, R0, R1, 8), exit()},
      "NotAPointer", "R1 invalid mem access 'scalar'", 9);
}

TEST_F(VerifierTest, TracepointContext) {
  accepts({load(DW, R0, R1, 8), exit()});
  accepts({load(B, R0, R1, 8191), exit()});
  rejects({load(DW, R0, R1, 0), exit()}, "ContextBounds", "invalid bpf_context access off=0 size=8", 0);
  rejects({load(DW, R0, R1, 8192), exit()}, "ContextBounds", "invalid bpf_context access off=8192 size=8", 0);
  rejects({load(DW, R0, R1, 12), exit()}, "ContextBounds", "invalid bpf_context access off=12 size=8", 0);
  rejects({store_imm(DW, R1, 8, 0), mov64(R0, 0), exit()}, "ContextBounds", "invalid bpf_context access off=8 size=8",
          0);
  rejects({alu64(ADD, R1, 8), load(DW, R0, R1, 8), exit()}, "MovedContext",
          "dereference of modified ctx ptr R1 off=8 disallowed", 1);
}

TEST_F(VerifierTest, SocketFilterContext) {
  accepts({load(W, R0, R1, 0), exit()}, "socket");
  accepts({load(B, R0, R1, 17), exit()}, "socket");                     // a narrow load of `protocol`
  accepts({store_imm(DW, R1, 48, 0), mov64(R0, 0), exit()}, "socket");  // cb[0], cb[1]
  rejects({load(DW, R0, R1, 0), exit()}, "ContextBounds", "invalid bpf_context access off=0 size=8", 0, "socket");
  rejects({load(W, R0, R1, 76), exit()}, "ContextBounds", "invalid bpf_context access off=76 size=4", 0, "socket");
  rejects({store_imm(W, R1, 8, 0), mov64(R0, 0), exit()}, "ContextBounds", "invalid bpf_context access off=8 size=4", 0,
          "socket");
}

TEST_F(VerifierTest, UserSideHasNoContext) {
  rejects({load(W, R0, R1, 0), exit()}, "ContextBounds", "invalid bpf_context access off=0 size=4", 0, "end");
  accepts({mov64_reg(R6, R10), mov64(R0, 0), exit()}, "end");
}

TEST_F(VerifierTest, PacketLoads) {
  accepts({mov64_reg(R6, R1), load_abs(H, 12), exit()}, "socket");
  accepts({mov64_reg(R6, R1), mov64(R2, 4), load_ind(B, R2, 1), exit()}, "socket");
  rejects({load_abs(H, 12), exit()}, "UninitializedValue", "R6 !read_ok", 0, "socket");
  rejects({mov64(R6, 0), load_abs(H, 12), exit()}, "PacketLoad", "at the time of BPF_LD_ABS|IND R6 != pointer to skb",
          1, "socket");
  rejects({mov64_reg(R6, R1), load_abs(H, 12), exit()}, "PacketLoad",
          "BPF_LD_[ABS|IND] instructions not allowed for this program type", 1);
  rejects({mov64_reg(R6, R1), mov64(R2, 0), load_abs(H, 12), mov64_reg(R0, R2), exit()}, "UninitializedValue",
          "R2 !read_ok", 3, "socket");
}

TEST_F(VerifierTest, NullChecks) {
  rejects({LOOKUP(kHash), load(DW, R0, R0, 0), exit()}, "NullDereference", "R0 invalid mem access 'map_value_or_null'",
          kAfterLookup);
  accepts({LOOKUP(kHash), branch64(JEQ, R0, 0, 1), load(DW, R0, R0, 0), exit()});
  accepts({LOOKUP(kHash), branch64(JNE, R0, 0, 1), exit(), load(DW, R0, R0, 8), exit()});
  // A copy made before the check is checked with it.
  accepts(
      {LOOKUP(kHash), mov64_reg(R6, R0), branch64(JEQ, R0, 0, 2), load(DW, R0, R6, 0), exit(), mov64(R0, 0), exit()});
  // So is one that was spilled.
  accepts({LOOKUP(kHash), store(DW, R10, -16, R0), branch64(JEQ, R0, 0, 3), load(DW, R1, R10, -16), load(DW, R0, R1, 0),
           exit(), mov64(R0, 0), exit()});
  rejects({LOOKUP(kHash), alu64(ADD, R0, 8), mov64(R0, 0), exit()}, "NullArithmetic",
          "R0 pointer arithmetic on map_value_or_null prohibited, null-check it first", kAfterLookup);
}

TEST_F(VerifierTest, MapValues) {
  accepts({LOOKUP(kHash), branch64(JEQ, R0, 0, 1), store_imm(DW, R0, 8, 1), mov64(R0, 0), exit()});
  rejects({LOOKUP(kHash), branch64(JEQ, R0, 0, 1), store_imm(DW, R0, 16, 1), mov64(R0, 0), exit()}, "MapValueBounds",
          "invalid access to map value, value_size=16 off=16 size=8", kAfterLookup + 1);
  // An index: r6 & 63 into 64 bytes, then & 127.
  accepts({call(5), mov64_reg(R6, R0), LOOKUP(kArray), branch64(JEQ, R0, 0, 3), alu64(AND, R6, 63),
           alu64_reg(ADD, R0, R6), load(B, R0, R0, 0), exit()});
  rejects({call(5), mov64_reg(R6, R0), LOOKUP(kArray), branch64(JEQ, R0, 0, 3), alu64(AND, R6, 127),
           alu64_reg(ADD, R0, R6), load(B, R0, R0, 0), exit()},
          "MapValueBounds", "invalid access to map value, value_size=64 off=127 size=1", 11);
  rejects({call(5), mov64_reg(R6, R0), LOOKUP(kArray), branch64(JEQ, R0, 0, 3), branch64(JSGT, R6, 63, 2),
           alu64_reg(ADD, R0, R6), load(B, R0, R0, 0), exit()},
          "UnboundedPointer", "unbounded min value is not allowed", 10);
  rejects({LOOKUP(kHash), branch64(JEQ, R0, 0, 2), alu64(ADD, R0, -8), load(DW, R0, R0, 0), exit()}, "MapValueBounds",
          "", 8);
}

TEST_F(VerifierTest, GlobalData) {
  accepts({lddw_pseudo(R1, kPseudoMapIdxValue, kBss, 8), store_imm(DW, R1, 0, 1), load(DW, R0, R1, 8), exit()});
  rejects({lddw_pseudo(R1, kPseudoMapIdxValue, kBss, 120), load(DW, R0, R1, 8), exit()}, "MapValueBounds",
          "invalid access to map value, value_size=128 off=128 size=8", 2);
  rejects({lddw_pseudo(R1, kPseudoMapIdxValue, kBss, 128), mov64(R0, 0), exit()}, "BadMapReference",
          "invalid access to map value pointer, value_size=128 off=128", 0);
  rejects({lddw_pseudo(R1, kPseudoMapIdxValue, kRodata, 0), store_imm(DW, R1, 0, 1), mov64(R0, 0), exit()},
          "ReadOnlyMap", "write into map forbidden, value_size=16 off=0 size=8", 2);
  // The constant 7 is known: the other way is not explored.
  accepts({lddw_pseudo(R1, kPseudoMapIdxValue, kRodata, 0), load(W, R2, R1, 0), mov64(R0, 0), branch64(JEQ, R2, 7, 1),
           load(DW, R0, R0, 0), exit()});
}

TEST_F(VerifierTest, Helpers) {
  rejects({call(999), exit()}, "UnknownHelper", "invalid func unknown#999", 0);
  rejects({call(26), exit()}, "HelperUnavailable", "program of this type cannot use helper bpf_skb_load_bytes#26", 0);
  rejects({call(0x7000), exit()}, "HelperUnavailable", "", 0);
  rejects({mov64(R1, 0), call(1), exit()}, "ArgumentType", "R1 type=scalar expected=map_ptr", 1);
  rejects({mov64(R1, 5), call(1), exit()}, "ArgumentType", "R1 type=scalar expected=map_ptr", 1);
  program.object = nullptr;  // instructions without maps
  EXPECT_EQ(verify(program, program_type("tracepoint/a/b"), options).kind, Verdict::Reject);
  rejects({lddw_pseudo(R1, kPseudoMapIdx, kHash), call(1), exit()}, "UninitializedValue", "R2 !read_ok", 2);
  rejects({lddw_pseudo(R1, kPseudoMapIdx, kHash), mov64_reg(R2, R10), alu64(ADD, R2, -4), call(1), exit()},
          "StackBounds", "invalid read from stack R2 off=-4 size=8", 4);
  accepts({mov64_reg(R1, R10), alu64(ADD, R1, -16), mov64(R2, 16), call(16), mov64(R0, 0), exit()});
  rejects({mov64_reg(R1, R10), alu64(ADD, R1, -16), mov64(R2, 17), call(16), mov64(R0, 0), exit()}, "StackBounds",
          "invalid write to stack R1 off=-16 size=17", 3);
  rejects({mov64_reg(R1, R10), alu64(ADD, R1, -16), mov64(R2, 0), call(16), mov64(R0, 0), exit()}, "SizeZero",
          "R2 invalid zero-sized read: u64=[0,0]", 3);
}

TEST_F(VerifierTest, HelperSizes) {
  // bpf_probe_read_kernel(fp - 64, size, 0) with a size from outside.
  const auto with_size = [](std::initializer_list<Code> limit) {
    std::vector<Insn> code{call(5), mov64_reg(R2, R0)};
    for (const Code &c : limit) code.insert(code.end(), c.insns.begin(), c.insns.end());
    for (Insn i : {mov64_reg(R1, R10), alu64(ADD, R1, -64), mov64(R3, 0), call(113), mov64(R0, 0), exit()})
      code.push_back(i);
    return code;
  };
  const auto verdict = [&](std::initializer_list<Code> limit) {
    judge({exit()});
    program.insns = with_size(limit);
    const Verdict v = verify(program, program_type("tracepoint/a/b"), options);
    return v.rejections.empty() ? std::string("accepted") : v.rejections[0].kernel_message;
  };
  EXPECT_EQ(verdict({alu64(AND, R2, 63)}), "accepted");
  EXPECT_EQ(verdict({alu64(AND, R2, 127)}), "invalid write to stack R1 off=-64 size=127");
  EXPECT_EQ(verdict({}), "R2 min value is negative, either use unsigned or 'var &= const'");
  EXPECT_EQ(verdict({alu64(RSH, R2, 1)}), "R2 unbounded memory access, use 'var &= const' or 'if (var < const)'");
  EXPECT_EQ(verdict({branch64(JGT, R2, 64, 5)}), "accepted");
}

TEST_F(VerifierTest, Licence) {
  const std::initializer_list<Code> print = {mov64(R6, 0),       store_imm(DW, R10, -8, 0),
                                             mov64_reg(R1, R10), alu64(ADD, R1, -8),
                                             mov64(R2, 8),       call(6),
                                             mov64(R0, 0),       exit()};
  accepts(print);
  object.license = "MIT";
  rejects(print, "HelperNeedsGpl", "cannot call GPL-restricted function from non-GPL compatible program", 5);
  object.license = "Dual MIT/GPL";
  accepts(print);
}

TEST_F(VerifierTest, Loops) {
  // for (r6 = 0; r6 != 10; r6++)
  accepts({mov64(R6, 0), alu64(ADD, R6, 1), branch64(JNE, R6, 10, -2), mov64(R0, 0), exit()});
  rejects({mov64(R0, 0), jump(-1), exit()}, "Unreachable", "unreachable insn 2", 2);
  rejects({mov64(R0, 0), call(5), branch64(JNE, R10, 0, -2), exit()}, "InfiniteLoop", "infinite loop detected", 1);
  options.max_processed = 10000;
  rejects({mov64(R6, 0), alu64(ADD, R6, 1), branch64(JNE, R6, 1000000, -2), mov64(R0, 0), exit()}, "TooComplex",
          "BPF program is too large. Processed 10001 insn", 2);
}

TEST_F(VerifierTest, Subprograms) {
  // r0 = f(fp - 8): the callee fills the caller's stack.
  accepts({mov64_reg(R1, R10), alu64(ADD, R1, -8), call_local(2), load(DW, R0, R10, -8), exit(),
           store_imm(DW, R1, 0, 7), mov64(R0, 0), exit()});
  rejects({call_local(1), exit(), mov64_reg(R0, R10), exit()}, "ReturnsStackPointer",
          "cannot return stack pointer to the caller", 3);
  rejects({mov64_reg(R1, R10), alu64(ADD, R1, -8), call_local(1), exit(), mov64_reg(R2, R10), store(DW, R1, 0, R2),
           mov64(R0, 0), exit()},
          "PointerIntoCaller", "cannot spill pointers to stack into stack frame of the caller", 5);
  // r6 of the callee is its own.
  rejects({mov64(R6, 1), call_local(1), exit(), mov64_reg(R0, R6), exit()}, "UninitializedValue", "R6 !read_ok", 3);
  rejects({call_local(1), exit(), call_local(-1), exit()}, "CallTooDeep", "the call stack of 9 frames is too deep", 2);
}

TEST_F(VerifierTest, StackOfCallChains) {
  const std::initializer_list<Code> chain = {store_imm(DW, R10, -512, 0), call_local(1), exit(),
                                             store_imm(DW, R10, -8, 0),   mov64(R0, 0),  exit()};
  rejects(chain, "StackTooDeep", "combined stack size of 2 calls is 528. Too large", 3, "socket");
  accepts(chain);  // tracepoints: functions of 64 bytes and more have a stack of their own
}

TEST_F(VerifierTest, Callbacks) {
  // bpf_for_each_map_elem(&hash, callback, NULL, 0); callback: returns r0 = the given value & [mask].
  const auto walk = [](int32_t result) {
    return std::vector<Code>{lddw_pseudo(R1, kPseudoMapIdx, kHash),
                             lddw_pseudo(R2, kPseudoFunc, 6),
                             mov64(R3, 0),
                             mov64(R4, 0),
                             call(164),
                             mov64(R0, 0),
                             exit(),
                             load(DW, R0, R3, 8),
                             load(DW, R1, R2, 0),
                             mov64(R0, result),
                             exit()};
  };
  const auto judge_walk = [&](int32_t result) {
    judge({exit()});
    program.insns.clear();
    for (const Code &c : walk(result)) program.insns.insert(program.insns.end(), c.insns.begin(), c.insns.end());
    return verify(program, program_type("end"), options);
  };
  const Verdict good = judge_walk(0);
  EXPECT_EQ(good.kind, Verdict::Accept) << (good.rejections.empty() ? "" : good.rejections[0].kernel_message);
  const Verdict bad = judge_walk(2);
  ASSERT_EQ(bad.rejections.size(), 1u);
  EXPECT_EQ(bad.rejections[0].kernel_message,
            "At callback return the register R0 has smin=2 smax=2 should have been in [0, 1]");
}

TEST_F(VerifierTest, CallbackThatCountsConverges) {
  // The callback adds 1 to a counter on the caller's stack each time: the turns must converge.
  accepts({store_imm(DW, R10, -8, 0), lddw_pseudo(R1, kPseudoMapIdx, kHash), lddw_pseudo(R2, kPseudoFunc, 7),
           mov64_reg(R3, R10), alu64(ADD, R3, -8), mov64(R4, 0), call(164), load(DW, R0, R10, -8), exit(),
           load(DW, R1, R4, 0), alu64(ADD, R1, 1), store(DW, R4, 0, R1), mov64(R0, 0), exit()},
          "end");
}

TEST_F(VerifierTest, Atomics) {
  accepts({store_imm(DW, R10, -8, 0), mov64(R1, 1), atomic(DW, kAtomicAdd, R10, -8, R1), mov64(R0, 0), exit()});
  accepts({store_imm(DW, R10, -8, 0), mov64(R1, 1), atomic(DW, kAtomicAdd | kAtomicFetch, R10, -8, R1),
           mov64_reg(R0, R1), exit()});
  rejects({mov64(R2, 1), atomic(DW, kAtomicAdd, R1, 8, R2), mov64(R0, 0), exit()}, "AtomicTarget",
          "BPF_ATOMIC stores into R1 ctx is not allowed", 1);
  rejects({store_imm(DW, R10, -8, 0), mov64(R1, 1), atomic(DW, kAtomicCmpxchg, R10, -8, R1), exit()},
          "UninitializedValue", "R0 !read_ok", 2);
}

TEST_F(VerifierTest, ACallbackIsTheAddressOfAFunction) {
  rejects({mov64(R1, 1), lddw_pseudo(R2, kPseudoFunc, 6), mov64_reg(R3, R10), alu64(ADD, R2, 2), mov64(R4, 0),
           call(181), exit(), mov64(R0, 0), exit()},
          "ArgumentType", "dereference of modified func ptr R2 off=2 disallowed", 6);
}

TEST_F(VerifierTest, AnAtomicOnTheStackNeedsAConstantOffset) {
  rejects({call(7), alu64(AND, R0, 8), mov64_reg(R2, R10), alu64(ADD, R2, -16), alu64_reg(ADD, R2, R0), mov64(R1, 1),
           atomic(DW, kAtomicAdd, R2, 0, R1), mov64(R0, 0), exit()},
          "AtomicTarget", "variable offset stack pointer cannot be passed into helper function; var_off=(0x0; 0x8)", 6);
}

TEST_F(VerifierTest, AcquireAndReleaseAreLoadsAndStores) {
  accepts({store_imm(DW, R10, -8, 1), load_acquire(W, R0, R10, -8), store_release(DW, R10, -16, R0), exit()});
  rejects({store_release(W, R10, -8, R1), mov64(R0, 0), exit()}, "PartialPointerStore",
          "invalid size of register spill", 0);
  rejects({load_acquire(W, R0, R1, 0), exit()}, "AtomicTarget", "BPF_ATOMIC loads from R1 ctx is not allowed", 0,
          "socket");
  rejects({mov64(R0, 0), store_release(W, R1, 48, R0), exit()}, "AtomicTarget",
          "BPF_ATOMIC stores into R1 ctx is not allowed", 1, "socket");
  // What the result's register held is not the pointer that is read through.
  accepts({call(7), branch64(JEQ, R0, 0, 1), mov64_reg(R0, R10), load_acquire(W, R0, R10, -8), exit()});
}

TEST_F(VerifierTest, OneAccessGoesThroughOneKindOfPointer) {
  // r1 is the context or a slot of the stack.
  rejects({call(7), mov64_reg(R6, R1), exit()}, "UninitializedValue", "R1 !read_ok", 1);
  rejects({mov64_reg(R6, R1), call(7), branch64(JEQ, R0, 0, 2), mov64_reg(R6, R10), alu64(ADD, R6, -16),
           load(W, R0, R6, 8), exit()},
          "MixedPointers", "same insn cannot be used with different pointers", 5);
}

TEST_F(VerifierTest, LinkedNumbersAreRefinedTogether) {
  // r7 = r6; if (r6 > 15) return; the value at [r7]
  accepts({call(5), mov64_reg(R6, R0), mov64_reg(R7, R6), LOOKUP(kHash), branch64(JEQ, R0, 0, 3),
           branch64(JGT, R6, 15, 2), alu64_reg(ADD, R0, R7), load(B, R0, R0, 0), mov64(R0, 0), exit()});
  // Checked after a spill, used from the slot.
  accepts({call(5), mov64_reg(R6, R0), store(DW, R10, -16, R6), LOOKUP(kHash), branch64(JEQ, R0, 0, 4),
           branch64(JGT, R6, 15, 3), load(DW, R7, R10, -16), alu64_reg(ADD, R0, R7), load(B, R0, R0, 0), mov64(R0, 0),
           exit()});
}

TEST_F(VerifierTest, ASignExtendingFillIsAnotherNumber) {
  // What is known of the filled number after the comparison: -1. The spilled one is 0xffffffff then.
  rejects({call(5), mov32_reg(R4, R0), store(DW, R10, -8, R4), load_signed(W, R0, R10, -8), branch32(JNE, R0, -1, 5),
           alu64(ADD, R4, 1), mov64_reg(R2, R10), alu64_reg(ADD, R2, R4), store_imm(B, R2, -8, 0), mov64(R0, 0),
           mov64(R0, 0), exit()},
          "UnboundedStackIndex", "", 8);
}

TEST_F(VerifierTest, LinkedNumbersKeepADistance) {
  // w7 = w6 + 4; if (w7 > 12) return; the value at [r6], which is at most 8 as long as the sum did not wrap
  accepts({call(5), mov64_reg(R6, R0), alu64(AND, R6, 255), mov64_reg(R7, R6), alu32(ADD, R7, 4), LOOKUP(kHash),
           branch64(JEQ, R0, 0, 3), branch64(JGT, R7, 12, 2), alu64_reg(ADD, R0, R6), load(B, R0, R0, 0), mov64(R0, 0),
           exit()});
  accepts({call(5), mov64_reg(R6, R0), alu64(AND, R6, 255), mov64_reg(R7, R6), alu64(SUB, R7, 4), LOOKUP(kHash),
           branch64(JEQ, R0, 0, 3), branch64(JSGT, R7, 8, 2), alu64_reg(ADD, R0, R6), load(B, R0, R0, 0), mov64(R0, 0),
           exit()});
  // A number of 64 bits has another lower half.
  rejects({call(5), mov64_reg(R6, R0), mov64_reg(R7, R6), alu32(ADD, R7, 4), LOOKUP(kHash), branch64(JEQ, R0, 0, 3),
           branch64(JGT, R7, 12, 2), alu64_reg(ADD, R0, R6), load(B, R0, R0, 0), mov64(R0, 0), exit()},
          "UnboundedPointer", "", 12);
}

TEST_F(VerifierTest, NothingIsAcceptedThatIsNotModelled) {
  EXPECT_EQ(judge({call_kfunc(1), exit()}).kind, Verdict::CannotJudge);
}

TEST_F(VerifierTest, ATailCallThatComesBackDidNothing) {
  constexpr auto kJumps = kRingbuf + 1;
  object.maps.push_back({.name = "jumps", .type = 3, .key_size = 4, .value_size = 4, .max_entries = 4});
  const auto tail = lddw_pseudo(R2, kPseudoMapIdx, kJumps);
  // What was proven of the packet holds; `data_end` is still a pointer, which is not spilled in part.
  accepts(
      {mov64_reg(R6, R1), load(W, R7, R1, 76), load(W, R8, R1, 80), mov64_reg(R2, R7), alu64(ADD, R2, 4), mov64(R0, 0),
       branch64_reg(JGT, R2, R8, 6), tail, mov64(R3, 0), call(12), load(B, R0, R7, 1), mov64(R0, 0), exit()},
      "tc");
  rejects({load(W, R8, R1, 80), tail, mov64(R3, 0), call(12), store(H, R10, -8, R8), mov64(R0, 0), exit()},
          "PartialPointerStore", "invalid size of register spill", 5, "tc");
}

TEST_F(VerifierTest, WhatNoTurnOfALoopReadsMakesNoTurnNew) {
  // r2 to r6 are set by bits of a number that nobody knows, and are dead where the next turn begins.
  const Verdict v = judge({may_goto(17),
                           call(7),
                           mov64(R2, 0),
                           branch64(JSET, R0, 1, 1),
                           mov64(R2, 1),
                           mov64(R3, 0),
                           branch64(JSET, R0, 2, 1),
                           mov64(R3, 1),
                           mov64(R4, 0),
                           branch64(JSET, R0, 4, 1),
                           mov64(R4, 1),
                           mov64(R5, 0),
                           branch64(JSET, R0, 8, 1),
                           mov64(R5, 1),
                           mov64(R6, 0),
                           branch64(JSET, R0, 16, 1),
                           mov64(R6, 1),
                           jump(-18),
                           mov64(R0, 0),
                           exit()});
  EXPECT_EQ(v.kind, Verdict::Accept);
  EXPECT_LT(v.stats.processed, 200u);
}

TEST_F(VerifierTest, LoopsThatTheKernelEnds) { accepts({mov64(R0, 0), may_goto(1), jump(-2), mov64(R0, 0), exit()}); }

TEST_F(VerifierTest, ANumberThatATurnOfALoopLinksIsForgotten) {
  // r0 is 0 or 1 in each turn; but after the first, r7 shares its id.
  rejects({mov64(R7, 0), call(7), alu64(AND, R0, 1), may_goto(2), mov64_reg(R7, R0), jump(-3), mov64_reg(R1, R10),
           alu64_reg(ADD, R1, R7), mov64(R0, 0), exit()},
          "UnboundedPointer", "math between fp pointer and register with unbounded min value is not allowed", 7);
}

TEST_F(VerifierTest, RecordsOfRingBuffersAreGivenBack) {
  accepts({lddw_pseudo(R1, kPseudoMapIdx, kRingbuf), mov64(R2, 16), mov64(R3, 0), call(131), branch64(JEQ, R0, 0, 4),
           store_imm(DW, R0, 8, 1), mov64_reg(R1, R0), mov64(R2, 0), call(132), mov64(R0, 0), exit()});
  rejects({lddw_pseudo(R1, kPseudoMapIdx, kRingbuf), mov64(R2, 16), mov64(R3, 0), call(131), mov64(R0, 0), exit()},
          "ReferenceLeak", "would lead to reference leak", 6);
  rejects({lddw_pseudo(R1, kPseudoMapIdx, kRingbuf), mov64(R2, 16), mov64(R3, 0), call(131), branch64(JEQ, R0, 0, 4),
           store_imm(DW, R0, 16, 1), mov64_reg(R1, R0), mov64(R2, 0), call(132), mov64(R0, 0), exit()},
          "MemoryBounds", "invalid access to memory, mem_size=16 off=16 size=8", 6);
  rejects({lddw_pseudo(R1, kPseudoMapIdx, kRingbuf), mov64_reg(R2, R1), mov64(R3, 0), call(131), mov64(R0, 0), exit()},
          "ArgumentType", "expected=scalar", 4);
  rejects({call(5), mov64_reg(R2, R0), lddw_pseudo(R1, kPseudoMapIdx, kRingbuf), mov64(R3, 0), call(131), mov64(R0, 0),
           exit()},
          "ArgumentNotConstant", "R2 is not a known constant", 5);
}

TEST_F(VerifierTest, MapsFitTheirHelpers) {
  rejects({store_imm(DW, R10, -8, 0), mov64_reg(R2, R10), alu64(ADD, R2, -8), lddw_pseudo(R1, kPseudoMapIdx, kRingbuf),
           call(1), mov64(R0, 0), exit()},
          "MapTypeUnfit", "cannot pass map_type 27 into func bpf_map_lookup_elem#1", 5);
}

TEST_F(VerifierTest, PacketsAreWrittenWhereTheirProgramsMay) {
  const std::initializer_list<Code> write = {
      load(W, R2, R1, 0),           load(W, R3, R1, 4),      mov64_reg(R4, R2), alu64(ADD, R4, 8),
      branch64_reg(JGT, R4, R3, 1), store_imm(DW, R2, 0, 1), mov64(R0, 2),      exit()};
  accepts(write, "xdp");
  rejects({load(W, R2, R1, 0), load(W, R3, R1, 4), mov64_reg(R4, R2), alu64(ADD, R4, 8), branch64_reg(JGT, R4, R3, 1),
           store_imm(DW, R2, 8, 1), mov64(R0, 2), exit()},
          "PacketBounds", "invalid access to packet, off=8 size=8", 5, "xdp");
  rejects({load(W, R0, R1, 20), exit()}, "ContextBounds", "invalid bpf_context access off=20 size=4", 0, "xdp");
  accepts({load(W, R0, R1, 20), exit()}, "xdp/devmap");
}

TEST_F(VerifierTest, SocketsAreReadFieldByField) {
  accepts({load(DW, R6, R1, 64), load(W, R0, R6, 8), mov64(R0, 1), exit()}, "cgroup/connect4");
  rejects({load(DW, R6, R1, 64), load(DW, R0, R6, 8), mov64(R0, 1), exit()}, "ObjectBounds",
          "R6 invalid sock access off=8 size=8", 1, "cgroup/connect4");
  rejects({load(DW, R6, R1, 64), store_imm(W, R6, 8, 1), mov64(R0, 1), exit()}, "ReadOnlyObject",
          "R6 cannot write into sock", 1, "cgroup/connect4");
  rejects({load(DW, R1, R1, 64), call(86), mov64(R0, 1), exit()}, "UnreferencedRelease",
          "R1 must be referenced when passed to release function", 1, "cgroup/connect4");
}

TEST_F(VerifierTest, HelpersThatSleepNeedProgramsThatMay) {
  const std::initializer_list<Code> copy = {mov64_reg(R1, R10), alu64(ADD, R1, -8), mov64(R2, 8), mov64(R3, 0),
                                            call(148),          mov64(R0, 0),       exit()};
  accepts(copy, "uprobe.s");
  rejects({mov64_reg(R1, R10), alu64(ADD, R1, -8), mov64(R2, 8), mov64(R3, 0), call(148), mov64(R0, 0), exit()},
          "HelperSleeps", "helper call might sleep in a non-sleepable prog", 4, "uprobe");
}

TEST_F(VerifierTest, DynptrsAreUsedThroughTheirFunctions) {
  rejects({mov64_reg(R1, R10), alu64(ADD, R1, -16), mov64(R2, 0), mov64(R3, 8), call(203), mov64(R0, 0), exit()},
          "DynptrRule", "Expected an initialized dynptr as arg #0", 4);
}

TEST_F(VerifierTest, LocksAreNotForEveryProgram) {
  rejects({LOOKUP(kArray), branch64(JEQ, R0, 0, 2), mov64_reg(R1, R0), call(93), mov64(R0, 0), exit()}, "LockRule",
          "tracing progs cannot use bpf_spin_lock yet", 8);
}

TEST_F(VerifierTest, StringsAreConstants) {
  rejects({LOOKUP(kArray), branch64(JEQ, R0, 0, 4), mov64_reg(R3, R0), mov64_reg(R1, R0), mov64(R2, 8), call(182),
           mov64(R0, 0), exit()},
          "StringConstant", "R3 does not point to a readonly map", 10);
}

TEST_F(VerifierTest, AllErrorsAreReportedOnce) {
  const Verdict v = judge({LOOKUP(kHash), load(DW, R6, R0, 0), load(DW, R7, R0, 8), LOOKUP(kHash), load(DW, R1, R0, 0),
                           store_imm(DW, R10, -600, 1), mov64(R0, 0), exit()});
  ASSERT_EQ(v.rejections.size(), 3u);
  EXPECT_EQ(v.rejections[0].insn, 6u);
  EXPECT_EQ(v.rejections[1].insn, 14u);
  EXPECT_EQ(v.rejections[2].diagnostic.info->name, "StackBounds");
}

TEST_F(VerifierTest, MessagesSayRangesAndWhatTheKernelSays) {
  const Verdict v = judge({call(5), mov64_reg(R6, R0), LOOKUP(kArray), branch64(JEQ, R0, 0, 3), alu64(AND, R6, 127),
                           alu64_reg(ADD, R0, R6), load(B, R0, R0, 0), exit()});
  ASSERT_EQ(v.rejections.size(), 1u);
  const Diagnostic &d = v.rejections[0].diagnostic;
  EXPECT_EQ(d.message, "access to 1 byte at offset 127 of a value of `array`, which has 64 bytes");
  EXPECT_EQ(d.notes.front().message, "the offset is in [0, 127], it must stay in [0, 63]");
  EXPECT_EQ(d.notes.back().message,
            "kernel says: invalid access to map value, value_size=64 off=127 size=1; R0 max value is outside of the "
            "allowed memory range");
}

TEST_F(VerifierTest, StatesAreInTheKernelsNotation) {
  options.keep_states = true;
  const Verdict v = judge({mov64_reg(R6, R1), call(5), alu64(AND, R0, 255), store(DW, R10, -8, R0), exit()});
  EXPECT_EQ(v.states[0], "R1=ctx() R10=fp0");
  EXPECT_EQ(v.states[3], "R0=scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff)) R6=ctx() R10=fp0");
  EXPECT_EQ(v.regions[3], Region::Stack);
  EXPECT_TRUE(v.reached[4]);
}

}  // namespace
}  // namespace spile::verifier::testing
