#include "driver/build_stats.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "backend/isa/insn.h"

namespace spile::driver {

namespace {

constexpr int32_t kMapLookup = 1;  // bpf_map_lookup_elem

struct CodeCounts {
  size_t instructions = 0, map_lookups = 0;
  int64_t stack = 0;  // the deepest frame, in bytes
  // What is so far from the frame pointer is no place in a frame.
  void reach(int64_t offset) {
    constexpr int64_t kFrame = 512;
    if (offset >= -kFrame) stack = std::max(stack, -offset);
  }
};

// The code of one section, instruction by instruction.
void count_code(const object::Section &section, CodeCounts &counts) {
  // By register: how far it is from the frame pointer, once it was copied from there and moved by constants.
  std::array<std::optional<int64_t>, isa::kRegisterCount> from_frame;
  from_frame[isa::kFramePointer] = 0;
  for (size_t at = 0; at + sizeof(isa::Insn) <= section.bytes.size(); at += sizeof(isa::Insn)) {
    isa::Insn insn;
    std::memcpy(&insn, section.bytes.data() + at, sizeof insn);
    counts.instructions++;
    if (insn.is_lddw()) {
      at += sizeof insn;
      counts.instructions++;
      from_frame[insn.dst].reset();
      continue;
    }
    if (insn.is_call() && insn.src == isa::kHelperCall && insn.imm == kMapLookup) counts.map_lookups++;
    const auto c = insn.insn_class();
    const bool is_load = c == isa::LDX, is_store = c == isa::ST || c == isa::STX;
    if (const unsigned base = is_load ? insn.src : insn.dst; (is_load || is_store) && base < isa::kRegisterCount)
      if (from_frame[base]) counts.reach(*from_frame[base] + insn.off);
    if (is_store || insn.is_jump() || insn.dst >= isa::kFramePointer) continue;
    const bool copies = c == isa::ALU64 && insn.alu_op() == isa::MOV && insn.source_is_reg() && insn.off == 0;
    const bool moves = c == isa::ALU64 && insn.alu_op() == isa::ADD && !insn.source_is_reg();
    if (copies && insn.src < isa::kRegisterCount) {
      from_frame[insn.dst] = from_frame[insn.src];
    } else if (moves && from_frame[insn.dst]) {
      *from_frame[insn.dst] += insn.imm;
      counts.reach(*from_frame[insn.dst]);
    } else {
      from_frame[insn.dst].reset();
    }
  }
}

}  // namespace

std::string stats_line(const object::Object &object, const Compilation &compilation) {
  CodeCounts counts;
  for (const object::Section &section : object.sections)
    if (section.kind == object::SectionKind::Program || section.kind == object::SectionKind::UserSide)
      count_code(section, counts);
  std::string line = fmt::format("{} programs, {} instructions, {} bytes of stack, {} map lookups",
                                 object.programs.size(), counts.instructions, counts.stack, counts.map_lookups);
  if (compilation.kind() != InputKind::Object)
    line += fmt::format(", {} spills, {} reloads", compilation.spilled().spills, compilation.spilled().reloads);
  double total = 0;
  std::string stages;
  for (const auto &[stage, seconds] : compilation.stage_times()) {
    total += seconds;
    stages += fmt::format("{}{} {:.2f}", stages.empty() ? "" : ", ", stage, seconds * 1e3);
  }
  return line + fmt::format("; {:.2f} ms: {}", total * 1e3, stages);
}

std::string pass_table(const ir::PassLog &log) {
  std::string table =
      fmt::format("{:<20}{:>6}{:>9}{:>9}{:>8}{:>9}\n", "pass", "runs", "changes", "insts", "blocks", "ms");
  for (const ir::PassRecord &pass : log) {
    if (pass.changes == 0) continue;
    table += fmt::format("{:<20}{:>6}{:>9}{:>9}{:>8}{:>9.3f}", pass.name, pass.runs, pass.changes, -pass.insts,
                         -pass.blocks, pass.seconds * 1e3);
    for (const auto &[deed, times] : pass.deeds)
      table += fmt::format("{}{} {}", deed == pass.deeds.front().first ? "  " : ", ", times, deed);
    table += '\n';
  }
  return table;
}

}  // namespace spile::driver
