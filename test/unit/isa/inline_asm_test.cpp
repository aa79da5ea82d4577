// llvm-mc is the oracle; where it is not installed, the rows of the table and the literal faults remain.
#include "backend/isa/inline_asm.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "backend/isa/builder.h"
#include "backend/isa/disasm.h"
#include "samples.h"

namespace spile::isa {
namespace {

std::vector<Insn> insns_of(const AsmCode &code) {
  std::vector<Insn> insns(code.insn_count());
  if (!insns.empty()) std::memcpy(insns.data(), code.bytes().data(), code.bytes().size());
  return insns;
}

TEST(InlineAsm, ReadsTheTextOfEveryRowThatLlvmHas) {
  for (const InsnInfo &info : all_insns()) {
    const bool is_loaders = info.select == InsnInfo::Select::Src && info.select_value != 0;
    if (is_loaders) continue;
    for (const Insn &insn : samples_of(info)) {
      if (info.shape == Shape::PacketInd && insn.imm != 0) continue;  // LLVM's text has no second number
      std::vector<Insn> wanted{insn};
      if (insn.is_lddw()) wanted.push_back({0, 0, 0, 0, 0x1234});
      const std::string text = disassemble(wanted, 0, TextStyle::Llvm);
      AsmCode code;
      const auto fault = assemble_block(text, code);
      ASSERT_FALSE(fault) << text << ": " << fault->what;
      ASSERT_FALSE(code.finish({})) << text;
      EXPECT_EQ(insns_of(code), wanted) << text;
    }
  }
}

// The bytes that llvm-mc makes of [text]; empty without it.
std::string assembled_by_llvm(std::string_view text) {
  const std::string stem = "/tmp/spile-asm-test-" + std::to_string(getpid());
  std::ofstream(stem + ".s") << text << '\n';
  const std::string command = "llvm-mc-19 -triple bpfel -mcpu=v4 -filetype=obj " + stem + ".s -o " + stem +
                              ".o 2>/dev/null && llvm-objcopy-19 -O binary --only-section=.text " + stem + ".o " +
                              stem + ".bin 2>/dev/null";
  std::string bytes;
  if (std::system(command.c_str()) == 0) {
    std::ifstream in(stem + ".bin", std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  for (const char *suffix : {".s", ".o", ".bin"}) std::remove((stem + suffix).c_str());
  return bytes;
}

class LikeLlvm : public testing::TestWithParam<const char *> {};

TEST_P(LikeLlvm, SameBytes) {
  const std::string wanted = assembled_by_llvm(GetParam());
  if (wanted.empty()) GTEST_SKIP() << "llvm-mc-19 is not installed";
  AsmCode code;
  const auto fault = assemble_block(GetParam(), code);
  ASSERT_FALSE(fault) << fault->what;
  ASSERT_FALSE(code.finish({}));
  EXPECT_EQ(std::string(reinterpret_cast<const char *>(code.bytes().data()), code.bytes().size()), wanted);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, LikeLlvm,
    testing::Values(
        "r1=r2;r2+=-8", "R1 = 2; IF r1 == 1 goto +1; exit", "r1 = *(u64*)(r2+8)\n*(u32 *)(r10 -4) = 7",
        "r1 = 0xffffffff; w1 = 0xffffffff; r1 = 4294967295; r1 = -2147483649", "r1 = 010; r1 = 0b11; r1 = 'a'",
        "r1 = 5 + 3 * 2; r1 = - 5", "r1 = -1 ll; r1 = 0x123456789abc ll", "ld_pseudo r1, 1, 5",
        "r1 = r2 # c\nr1 = r2 // c; r9 = 9\n/* c */ exit", "goto 2; goto -1; gotol +5; may_goto -1",
        "a: if r1 s>= -5 goto b; goto a; b: exit", "1: goto 1f; goto 1b; 1: goto 1b; exit",
        "r1 = (s8)r2; w1 = (s16)w2; r1 = (s32)r2; r1 s/= r2; w1 s%= 3; r1 = bswap16 r1; r1 = be32 r1",
        "lock *(u64 *)(r1 + 0) += r2; lock *(u32 *)(r1+0) |= w2; r1 = atomic_fetch_add((u64 *)(r2 + 0), r1)",
        "r0 = cmpxchg_64(r1 + 8, r0, r2); w0 = cmpxchg32_32(r1 + 0, w0, w2); r2 = xchg_64(r1 + 0, r2)",
        "r0 = *(u8 *)skb[42]; r0 = *(u16*)skb[r2]; w1 = *(u32 *)(r2 + 0); r1 = *(s8 *)(r2 + 0)",
        "x: .byte 0xe5; .byte 0; .long ((y - x - 8) / 8) & 0xffff; .short 0; y: exit",
        ".ifc r1, r1; r1 = 1; .else; r1 = 2; .endif; .ifc r1, r2; r1 = 3; .endif",
        ".rept 3; r1 += 1; .endr; .p2align 3; .quad 1, -1; .zero 8; .2byte 1, 2, 3, 4", "callx r1; call 1",
        "r11 = 1; r1 = -r1; w3 = -w3; r1 <<= 3; r1 s>>= r2; r1 ^= -1"));

TEST(InlineAsm, WhatTheSurroundingsKnow) {
  AsmCode code;
  ASSERT_FALSE(assemble_block("if r1 == 0 goto $l0; call f; r1 = g + 8 ll; call inner; inner: exit", code));
  ASSERT_EQ(code.symbols().size(), 2u);
  EXPECT_TRUE(code.symbols()[0].is_call);
  EXPECT_EQ(code.symbols()[0].name, "f");
  EXPECT_EQ(code.symbols()[1].name, "g");
  EXPECT_EQ(code.symbols()[1].addend, 8);
  const int64_t outside[] = {80};
  ASSERT_FALSE(code.finish(outside));
  const std::vector<Insn> insns = insns_of(code);
  EXPECT_EQ(insns[0].off, 9);
  EXPECT_EQ(insns[1].src, kPseudoCall);
  EXPECT_EQ(insns[4], call_local(0));
  const int64_t moved[] = {-8};
  ASSERT_FALSE(code.finish(moved));
  EXPECT_EQ(insns_of(code)[0].off, -2);
}

struct Broken {
  const char *text;
  AsmFault::Kind kind;
  const char *part;  // of the text: what the fault points at
};
class Faults : public testing::TestWithParam<Broken> {};

TEST_P(Faults, PointAtTheirPlace) {
  const std::string_view text = GetParam().text;
  AsmCode code;
  auto fault = assemble_block(text, code);
  if (!fault) fault = code.finish({});
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->kind, GetParam().kind) << fault->what;
  EXPECT_EQ(text.substr(fault->begin, fault->end - fault->begin), GetParam().part);
}

using Kind = AsmFault::Kind;
INSTANTIATE_TEST_SUITE_P(
    All, Faults,
    testing::Values(
        Broken{"r1 = 1; gato +1", Kind::UnknownInstruction, "gato +1"},
        Broken{"r0 = *(u64 *)(w1 + 8)", Kind::BadOperand, "w1"}, Broken{"r1 = r2 + 1", Kind::BadOperand, "+"},
        Broken{"r1 =", Kind::BadOperand, "="}, Broken{"goto nowhere", Kind::UndefinedLabel, "nowhere"},
        Broken{"goto 1f", Kind::UndefinedLabel, "1f"}, Broken{"a: exit; a: exit", Kind::DuplicateLabel, "a"},
        Broken{".incbin \"x\"", Kind::BadDirective, ".incbin"}, Broken{"goto +70000", Kind::TooFar, "+"},
        Broken{"r1 = *(u8 *)(r2 + 40000)", Kind::TooFar, "40000"}, Broken{".byte 1", Kind::BrokenCode, ""},
        Broken{".rept 2; exit", Kind::BadDirective, ""}, Broken{".long 1 / (2 - 2), 0", Kind::BadOperand, "/"}));

TEST(InlineAsm, NoTextIsTooStrange) {
  for (const char *text :
       {"", ";;;\n", "(((((", ".rept 1000000000; .endr", ".rept 99999999; exit; .endr", "r1 = ((((((1", ".byte", ".ifc",
        ".else", "r1 = 'a", "\"", "/* ", "1f:", "$l:", "r1 = $l99 ll", "call $f"}) {
    AsmCode code;
    if (!assemble_block(text, code)) code.finish({});
  }
  AsmCode code;
  assemble_block(std::string(100'000, '('), code);
  assemble_block("r1 = " + std::string(100'000, '-') + "1", code);
  EXPECT_EQ(named_registers("r1 = w9; *(u64 *)(r10 - 8) = r2; r11 = r1x"), 0b10'0000'0110);
}

}  // namespace
}  // namespace spile::isa
