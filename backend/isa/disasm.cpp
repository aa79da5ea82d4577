#include "backend/isa/disasm.h"

#include <fmt/format.h>

#include "backend/isa/info.h"

namespace spile::isa {
namespace {

// "0x5", "-0x5". Negation wraps for the most negative number, whose magnitude is still right as unsigned.
std::string hex(int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  return value < 0 ? fmt::format("-{:#x}", 0 - bits) : fmt::format("{:#x}", bits);
}
std::string distance_text(int64_t value) { return value < 0 ? hex(value) : "+" + hex(value); }
std::string offset_text(int64_t value) { return value < 0 ? "- " + hex(value).substr(1) : "+ " + hex(value); }

std::string expand(const InsnInfo &info, const Insn &insn, const Insn &second) {
  std::string text;
  for (size_t i = 0; i < info.text.size(); i++) {
    if (info.text[i] != '{') {
      text += info.text[i];
      continue;
    }
    switch (info.text[i + 1]) {
      case 'd':
        text += std::to_string(insn.dst);
        break;
      case 's':
        text += std::to_string(insn.src);
        break;
      case 'i':
        text += hex(insn.imm);
        break;
      case 'o':
        text += offset_text(insn.off);
        break;
      case 'j':
        text += distance_text(insn.off);
        break;
      case 'l':
        text += distance_text(insn.imm);
        break;
      case 'p':
        text += "pc" + distance_text(insn.imm);
        break;
      case 'q':
        text += hex(static_cast<int64_t>(imm64(insn, second)));
        break;
      case 'n':
        text += offset_text(second.imm);
        break;
      case 'c':
        text += hex(static_cast<uint32_t>(insn.imm) >> 16) + ", " + hex(insn.imm & 0xffff);
        break;
      case 'x':
        if (insn.imm != 0) text += " " + offset_text(insn.imm);
        break;
      case 'm':
        if (insn.off != 0) text += " module " + hex(insn.off);
        break;
    }
    i += 2;  // the letter and the closing brace
  }
  return text;
}

}  // namespace

std::string disassemble(std::span<const Insn> insns, size_t index, TextStyle style) {
  static constexpr std::string_view kUnknown = "<unknown>";
  const Insn insn = insns[index];
  const InsnInfo *info = lookup(insn);
  if (info == nullptr || insn.dst >= kRegisterCount) return std::string(kUnknown);
  Insn second;
  if (info->shape == Shape::LoadImm64) {
    if (index + 1 >= insns.size()) return std::string(kUnknown);
    second = insns[index + 1];
  }
  if (style == TextStyle::Llvm) {
    if (info->shape == Shape::CallLocal || info->shape == Shape::CallKfunc) return "call " + hex(insn.imm);
    if (info->shape == Shape::PacketInd) return expand(*info, Insn{insn.opcode, insn.dst, insn.src, 0, 0}, second);
    if (info->shape == Shape::LoadImm64 && insn.src != 0)
      return fmt::format("ld_pseudo\tr{}, {:#x}, {:#x}", +insn.dst, +insn.src, static_cast<uint32_t>(insn.imm));
  }
  return expand(*info, insn, second);
}

}  // namespace spile::isa
