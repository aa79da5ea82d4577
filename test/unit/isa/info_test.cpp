#include "backend/isa/info.h"

#include <gtest/gtest.h>

#include "backend/isa/builder.h"
#include "samples.h"

namespace spile::isa {
namespace {

TEST(Info, EveryRowIsFoundByItsOwnSamples) {
  for (const InsnInfo &info : all_insns()) {
    const auto samples = samples_of(info);
    ASSERT_FALSE(samples.empty()) << info.name;
    for (const Insn &insn : samples) {
      const InsnInfo *found = lookup(insn);
      ASSERT_NE(found, nullptr) << info.name;
      EXPECT_EQ(found->name, info.name);
    }
    EXPECT_EQ(&info_of(info.op), &info);
  }
}

TEST(Info, NoByteIsMoreThanItsRows) {
  // Every opcode byte with every selector that a row uses: lookup answers null or a row that selects it.
  int unknown = 0;
  for (int opcode = 0; opcode < 256; opcode++)
    for (const int16_t off : {0, 1, 2, 8, 16, 32, -1})
      for (const int32_t imm : {0, 1, 16, 32, 64, 0xe1, 0xf1, 0x100, 0x110, -1})
        for (uint8_t src = 0; src < 16; src++) {
          const Insn insn{static_cast<uint8_t>(opcode), 1, src, off, imm};
          const InsnInfo *info = lookup(insn);
          if (info == nullptr)
            unknown++;
          else
            EXPECT_TRUE(info->selects(insn)) << info->name;
        }
  EXPECT_GT(unknown, 0);
}

std::string_view complaint(const Insn &insn) {
  const InsnInfo *info = lookup(insn);
  return info == nullptr ? "unknown" : malformed(*info, insn);
}

TEST(Info, SaysWhichFieldIsWrong) {
  EXPECT_EQ(complaint(mov64(R1, 5)), "");
  EXPECT_EQ(complaint(mov64(11, 5)), "the destination register does not exist");
  EXPECT_EQ(complaint(mov64_reg(R1, 12)), "the source register does not exist");
  EXPECT_EQ(complaint({opcode(ALU64, ADD, K), 1, 2, 0, 5}), "the source register is not zero");
  EXPECT_EQ(complaint({opcode(ALU64, ADD, K), 1, 0, 3, 5}), "unknown");
  EXPECT_EQ(complaint({opcode(JMP, EXIT, K), 1, 0, 0, 0}), "the destination register is not zero");
  EXPECT_EQ(complaint({opcode(JMP, EXIT, K), 0, 0, 4, 0}), "the offset is not zero");
  EXPECT_EQ(complaint({opcode(JMP, EXIT, K), 0, 0, 0, 4}), "the immediate is not zero");
  EXPECT_EQ(complaint(bswap(R1, 24)), "unknown");
  EXPECT_EQ(complaint(atomic(W, 0x42, R1, 0, R2)), "unknown");
  EXPECT_EQ(malformed_second(lddw(R1, 7)[1]), "");
  EXPECT_NE(malformed_second(exit()), "");
}

TEST(Builder, MakesTheRowsItNames) {
  const auto op_of = [](const Insn &insn) {
    const InsnInfo *info = lookup(insn);
    return info != nullptr && malformed(*info, insn).empty() ? info->name : "none";
  };
  EXPECT_EQ(op_of(alu64(SUB, R1, 5)), "Sub64Imm");
  EXPECT_EQ(op_of(alu32_reg(DIV, R1, R2, kSigned)), "SDiv32Reg");
  EXPECT_EQ(op_of(movs64(R1, R2, 32)), "MovS32To64");
  EXPECT_EQ(op_of(movs32(R1, R2, 16)), "MovS16To32");
  EXPECT_EQ(op_of(neg32(R1)), "Neg32");
  EXPECT_EQ(op_of(to_be(R1, 64)), "Be64");
  EXPECT_EQ(op_of(to_le(R1, 16)), "Le16");
  EXPECT_EQ(op_of(bswap(R1, 32)), "Swap32");
  EXPECT_EQ(op_of(jump(-1)), "Ja");
  EXPECT_EQ(op_of(jump_long(70000)), "Gotol");
  EXPECT_EQ(op_of(may_goto(3)), "MayGoto");
  EXPECT_EQ(op_of(branch64(JSGT, R1, 0, 3)), "JSgt64Imm");
  EXPECT_EQ(op_of(branch32_reg(JSET, R1, R2, 3)), "JSet32Reg");
  EXPECT_EQ(op_of(call(14)), "CallHelper");
  EXPECT_EQ(op_of(call_local(-3)), "CallLocal");
  EXPECT_EQ(op_of(call_kfunc(99)), "CallKfunc");
  EXPECT_EQ(op_of(call_reg(R3)), "CallReg");
  EXPECT_EQ(op_of(exit()), "Exit");
  EXPECT_EQ(op_of(load(B, R1, R2, 3)), "Load8");
  EXPECT_EQ(op_of(load_signed(W, R1, R2, 3)), "LoadS32");
  EXPECT_EQ(op_of(store(H, R1, 2, R3)), "Store16Reg");
  EXPECT_EQ(op_of(store_imm(DW, R1, 8, -1)), "Store64Imm");
  EXPECT_EQ(op_of(atomic(W, kAtomicAnd | kAtomicFetch, R1, 0, R2)), "FetchAnd32");
  EXPECT_EQ(op_of(load_acquire(B, R1, R2, 0)), "LoadAcquire8");
  EXPECT_EQ(op_of(store_release(DW, R1, 0, R2)), "StoreRelease64");
  EXPECT_EQ(op_of(load_abs(H, 12)), "LoadAbs16");
  EXPECT_EQ(op_of(load_ind(W, R1, 0)), "LoadInd32");
  EXPECT_EQ(op_of(lddw(R1, 1)[0]), "Lddw");
  EXPECT_EQ(op_of(lddw_pseudo(R1, kPseudoMapIdxValue, 2, 8)[0]), "LddwMapIdxValue");
  EXPECT_EQ(imm64(lddw(R1, 0x1122334455667788)[0], lddw(R1, 0x1122334455667788)[1]), 0x1122334455667788u);
}

}  // namespace
}  // namespace spile::isa
