#include "backend/isa/asm.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "backend/isa/builder.h"
#include "backend/isa/disasm.h"
#include "samples.h"

namespace spile::isa {

std::ostream &operator<<(std::ostream &out, const Insn &insn) {
  return out << disassemble(std::span(&insn, 1), 0, TextStyle::Exact);
}

namespace {

TEST(Asm, ReadsBackTheTextOfEveryRow) {
  for (const InsnInfo &info : all_insns())
    for (const Insn &insn : samples_of(info)) {
      std::vector<Insn> insns{insn};
      if (insn.is_lddw()) {
        const bool has_second = insn.src == 0 || insn.src == kPseudoMapValue || insn.src == kPseudoMapIdxValue;
        insns.push_back({0, 0, 0, 0, has_second ? 0x1234 : 0});
      }
      const std::string text = disassemble(insns, 0, TextStyle::Exact);
      const auto read = assemble(text);
      ASSERT_TRUE(read.has_value()) << text << ": " << read.error().message;
      EXPECT_EQ(*read, insns) << text;
    }
}

TEST(Asm, LabelsCommentsAndDecimals) {
  const auto read = assemble(R"(
    ; doubles r1 until it is above 100
    r0 = r1
loop:
    if r0 > 100 goto done   // leave
    r0 <<= 1
    goto loop
  5: call twice
done: exit # end
twice:
    w0 = *(u8 *)(r1)
    lock *(u32 *)(r1 - 4) += w0
    r2 = func twice ll
    exit
)");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  const auto callback = lddw_pseudo(R2, kPseudoFunc, -3);
  const std::vector<Insn> expected{
      mov64_reg(R0, R1),  branch64(JGT, R0, 100, 3),         alu64(LSH, R0, 1), jump(-3),    call_local(1), exit(),
      load(B, R0, R1, 0), atomic(W, kAtomicAdd, R1, -4, R0), callback[0],       callback[1], exit()};
  EXPECT_EQ(*read, expected);
}

TEST(Asm, ErrorsNameTheLine) {
  const auto message = [](std::string_view text) {
    const auto read = assemble(text);
    return read.has_value() ? "accepted" : read.error().message;
  };
  EXPECT_EQ(message("exit\nr1 ?= 2"), "line 2: `r1 ?= 2` is not an instruction");
  EXPECT_EQ(message("r11 = 2"), "line 1: `r11 = 2` is not an instruction");
  EXPECT_EQ(message("r1 = 4294967296"), "line 1: `r1 = 4294967296` is not an instruction");
  EXPECT_EQ(message("goto nowhere"), "line 1: no label `nowhere`");
  EXPECT_EQ(message("a:\na:\n"), "line 2: label `a` is defined twice");
  EXPECT_EQ(message("r1 = -r2"), "line 1: `r1 = -r2` is not an instruction");
  EXPECT_EQ(message("gotol"), "line 1: `gotol` is not an instruction");
  EXPECT_EQ(message("r1 = 4294967295"), "accepted");
}

TEST(Asm, AnyTextIsReadOrRefused) {
  // Valid lines with characters changed, cut and doubled: most are refused, what is accepted must print and read again.
  std::mt19937_64 random(7);
  const auto rows = all_insns();
  int accepted = 0;
  for (int i = 0; i < 20000; i++) {
    const auto samples = samples_of(rows[random() % rows.size()]);
    std::vector<Insn> insns{samples[random() % samples.size()], Insn{}};
    std::string text = disassemble(insns, 0, TextStyle::Exact);
    for (uint64_t changes = random() % 4; changes > 0 && !text.empty(); changes--) {
      const size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, 1 + random() % 3);
          break;
        case 2:
          text.insert(at, 1, "0x-+ r*()\n:<>;,"[random() % 15]);
          break;
        case 3:
          text += text.substr(at);
          break;
      }
    }
    const auto read = assemble(text);
    if (!read || read->empty()) continue;
    accepted++;
    std::string again;
    for (size_t k = 0; k < read->size(); k += width((*read)[k]))
      again += disassemble(*read, k, TextStyle::Exact) + "\n";
    EXPECT_EQ(assemble(again).value(), *read) << text;
  }
  EXPECT_GT(accepted, 5000);
}

TEST(Asm, RandomBytesHaveText) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 100000; i++) {
    std::vector<Insn> insns(2);
    const uint64_t bits[] = {random(), random()};
    memcpy(insns.data(), bits, sizeof bits);
    const std::string text = disassemble(insns, 0, TextStyle::Exact);
    const InsnInfo *info = lookup(insns[0]);
    if (info == nullptr || !malformed(*info, insns[0]).empty() || insns[0].is_lddw()) continue;
    const auto read = assemble(text);
    ASSERT_TRUE(read.has_value()) << text;
    EXPECT_EQ((*read)[0], insns[0]) << text;
  }
}

}  // namespace
}  // namespace spile::isa
