// llvm-objdump is the oracle; where it is not installed, the literal texts remain.
#include "backend/isa/disasm.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "backend/isa/builder.h"
#include "samples.h"

namespace spile::isa {
namespace {

std::string text(const Insn &insn, TextStyle style = TextStyle::Llvm) {
  return disassemble(std::span(&insn, 1), 0, style);
}

TEST(Disasm, LiteralTexts) {
  EXPECT_EQ(text(mov64_reg(R1, R2)), "r1 = r2");
  EXPECT_EQ(text(alu32(ADD, R0, 5)), "w0 += 0x5");
  EXPECT_EQ(text(mov64(R1, -2147483647 - 1)), "r1 = -0x80000000");
  EXPECT_EQ(text(load(W, R0, R1, 8)), "r0 = *(u32 *)(r1 + 0x8)");
  EXPECT_EQ(text(store(DW, R10, -8, R1)), "*(u64 *)(r10 - 0x8) = r1");
  EXPECT_EQ(text(branch64(JEQ, R1, 0, 3)), "if r1 == 0x0 goto +0x3");
  EXPECT_EQ(text(call(1)), "call 0x1");
  EXPECT_EQ(text(call_local(-2)), "call -0x2");
  EXPECT_EQ(text(call_local(-2), TextStyle::Exact), "call pc-0x2");
  EXPECT_EQ(text(load_ind(B, R2, 4), TextStyle::Exact), "r0 = *(u8 *)skb[r2 + 0x4]");
  EXPECT_EQ(text(exit()), "exit");
  EXPECT_EQ(text(load_acquire(B, R1, R2, 0)), "w1 = load_acquire((u8 *)(r2 + 0x0))");
  EXPECT_EQ(text({0xff, 0, 0, 0, 0}), "<unknown>");
  EXPECT_EQ(text(lddw(R1, 1)[0]), "<unknown>") << "a 64-bit immediate whose second half is missing";
  EXPECT_EQ(disassemble(lddw(R1, ~2ull), 0), "r1 = -0x3 ll");
  EXPECT_EQ(disassemble(lddw_pseudo(R1, kPseudoMapIdxValue, 2, 8), 0, TextStyle::Exact), "r1 = map_value 0x2 + 0x8 ll");
}

// What `llvm-objdump-19 -d --no-show-raw-insn [option]` prints for [insns], one line each. Empty without the tools.
std::vector<std::string> objdump(std::span<const Insn> insns, const char *option) {
  const std::string stem = "/tmp/spile-disasm-test-" + std::to_string(getpid());
  {
    std::ofstream source(stem + ".s");
    for (const Insn &insn : insns) {
      unsigned char bytes[sizeof(Insn)];
      memcpy(bytes, &insn, sizeof(Insn));
      source << ".byte";
      for (size_t i = 0; i < sizeof(Insn); i++) source << (i == 0 ? " " : ",") << int(bytes[i]);
      source << '\n';
    }
  }
  const std::string command = "llvm-mc-19 -triple bpfel -filetype=obj " + stem + ".s -o " + stem +
                              ".o 2>/dev/null && llvm-objdump-19 -d --no-show-raw-insn " + option + " " + stem + ".o";
  std::vector<std::string> lines;
  if (FILE *pipe = popen(command.c_str(), "r")) {
    char line[256];
    while (fgets(line, sizeof line, pipe) != nullptr) {
      std::string_view text = line;
      const size_t tab = text.find(":\t");
      if (tab == text.npos || text.starts_with('/')) continue;
      text.remove_prefix(tab + 2);
      text.remove_suffix(1);
      if (text.ends_with('>') && text != "<unknown>") text = text.substr(0, text.rfind(" <"));
      lines.emplace_back(text);
    }
    pclose(pipe);
  }
  std::remove((stem + ".s").c_str());
  std::remove((stem + ".o").c_str());
  return lines;
}

TEST(Disasm, AgreesWithObjdumpOnEveryRow) {
  // Rows that objdump has by default; those that it has with --mcpu=v4 only; the rest came with LLVM 20.
  std::vector<Insn> plain, v4;
  for (const InsnInfo &info : all_insns()) {
    if (info.shape == Shape::LoadAcquire || info.shape == Shape::StoreRelease) continue;
    const bool only_v4 = info.shape == Shape::Atomic && info.bits == 32 && info.op != Op::AtomicAdd32;
    for (const Insn &insn : samples_of(info)) {
      (only_v4 ? v4 : plain).push_back(insn);
      if (insn.is_lddw()) plain.push_back({0, 0, 0, 0, insn.src == 0 ? -7 : 0});
    }
  }
  const std::pair<std::vector<Insn> *, const char *> runs[] = {{&plain, ""}, {&v4, "--mcpu=v4"}};
  for (const auto &[insns, option] : runs) {
    const std::vector<std::string> expected = objdump(*insns, option);
    if (expected.empty()) GTEST_SKIP() << "llvm-mc-19 and llvm-objdump-19 are not installed";
    size_t line = 0;
    for (size_t i = 0; i < insns->size(); i += width((*insns)[i])) {
      ASSERT_LT(line, expected.size());
      EXPECT_EQ(disassemble(*insns, i), expected[line++]);
    }
    EXPECT_EQ(line, expected.size());
  }
}

}  // namespace
}  // namespace spile::isa
