#include "backend/object/insert_code.h"

#include <cstring>
#include <set>

namespace spile::object {

namespace {

using isa::Insn;

// Where the instructions of one section went.
struct Moved {
  std::vector<Insn> old, now;
  std::vector<uint32_t> begins;  // by old index, one more than there are: where what was put before it begins
  std::vector<uint32_t> places;  // likewise: where it is itself
  std::vector<uint32_t> lands;   // likewise: where who jumps to it goes
};

class Inserter {
 public:
  explicit Inserter(Object &object) : object_(object), moved_(object.sections.size()) {}

  Result<void> run(std::span<const Insertion> insertions) {
    for (size_t i = 0; i < object_.sections.size(); i++) place(SectionId(i), insertions);
    // The references count from where the symbols were.
    for (size_t i = 0; i < object_.sections.size(); i++)
      if (holds_code(SectionId(i)))
        if (auto done = refer_again(SectionId(i)); !done) return done;
    for (CodeInfo &info : object_.code_info) move(info);
    for (Symbol &symbol : object_.symbols) {
      if (!symbol.section || !holds_code(symbol.section)) continue;
      const uint64_t end = begin_of(symbol.section, symbol.value + symbol.size);
      symbol.value = begin_of(symbol.section, symbol.value);
      symbol.size = end - symbol.value;
    }
    for (ProgramEntry &entry : object_.programs) {
      const uint64_t end = begin_of(entry.section_id, entry.offset + entry.size);
      entry.offset = begin_of(entry.section_id, entry.offset);
      entry.size = end - entry.offset;
    }
    for (size_t i = 0; i < object_.sections.size(); i++)
      if (holds_code(SectionId(i))) store(SectionId(i));
    return {};
  }

 private:
  bool holds_code(SectionId id) const {
    const SectionKind kind = object_[id].kind;
    return kind == SectionKind::Program || kind == SectionKind::UserSide;
  }
  uint64_t begin_of(SectionId id, uint64_t offset) const {
    return moved_[id.index].begins[offset / sizeof(Insn)] * sizeof(Insn);
  }
  uint64_t place_of(SectionId id, uint64_t offset) const {
    return moved_[id.index].places[offset / sizeof(Insn)] * sizeof(Insn);
  }

  void place(SectionId id, std::span<const Insertion> insertions) {
    if (!holds_code(id)) return;
    const std::vector<std::byte> &bytes = object_[id].bytes;
    Moved &moved = moved_[id.index];
    moved.old.resize(bytes.size() / sizeof(Insn));
    if (!bytes.empty()) std::memcpy(moved.old.data(), bytes.data(), moved.old.size() * sizeof(Insn));
    auto next = insertions.begin();
    for (size_t i = 0; i <= moved.old.size(); i++) {
      moved.begins.push_back(static_cast<uint32_t>(moved.now.size()));
      for (; next != insertions.end() && (next->section != id || next->offset <= i * sizeof(Insn)); ++next)
        if (next->section == id) {
          if (next->takes_jumps && moved.lands.size() == i)
            moved.lands.push_back(static_cast<uint32_t>(moved.now.size()));
          moved.now.insert(moved.now.end(), next->insns.begin(), next->insns.end());
        }
      moved.places.push_back(static_cast<uint32_t>(moved.now.size()));
      if (moved.lands.size() == i) moved.lands.push_back(moved.places.back());
      if (i < moved.old.size()) moved.now.push_back(moved.old[i]);
    }
  }

  Result<void> refer_again(SectionId id) {
    Moved &moved = moved_[id.index];
    std::vector<Reloc> &relocs = object_.sections[id.index].relocs;
    auto reloc = relocs.begin();
    for (size_t i = 0; i < moved.old.size(); i += moved.old[i].is_lddw() ? 2 : 1) {
      while (reloc != relocs.end() && reloc->offset < i * sizeof(Insn)) ++reloc;
      const bool is_relocated = reloc != relocs.end() && reloc->offset == i * sizeof(Insn);
      const auto done = is_relocated ? refer_by(*reloc, moved, i) : refer_locally(moved, i);
      if (!done) return std::unexpected(done.error());
    }
    for (Reloc &each : relocs) each.offset = place_of(id, each.offset);
    return {};
  }

  // An index that an instruction names; none where there is no such instruction, which the verifier will say.
  static bool exists(const Moved &moved, int64_t index) {
    return index >= 0 && index < static_cast<int64_t>(moved.begins.size());
  }

  // Jumps, and calls within the section.
  Result<void> refer_locally(Moved &moved, size_t i) {
    const Insn &old = moved.old[i];
    Insn &now = moved.now[moved.places[i]];
    const auto after = static_cast<int64_t>(i) + 1;
    const int64_t place = moved.places[i] + 1;
    const bool refers_to_function = (old.is_call() && !old.source_is_reg() && old.src == isa::kPseudoCall) ||
                                    (old.is_lddw() && old.src == isa::kPseudoFunc);
    if (refers_to_function && exists(moved, after + old.imm))
      now.imm = static_cast<int32_t>(moved.begins[static_cast<size_t>(after + old.imm)] - place);
    if (!old.is_jump() || old.is_call() || old.is_exit()) return {};
    const bool is_long = old.opcode == isa::opcode(isa::JMP32, isa::JA, isa::K);
    const int64_t target = after + (is_long ? old.imm : old.off);
    if (!exists(moved, target)) return {};
    const int64_t distance = moved.lands[static_cast<size_t>(target)] - place;
    if (is_long) {
      now.imm = static_cast<int32_t>(distance);
    } else if (distance != static_cast<int16_t>(distance)) {
      return unsupported_error("{}: a jump of {} instructions would be too long", object_.path, distance);
    } else {
      now.off = static_cast<int16_t>(distance);
    }
    return {};
  }

  // Functions by their symbol, or by their section's and an addend: instructions less one in a call, bytes in a load.
  Result<void> refer_by(const Reloc &reloc, Moved &moved, size_t i) {
    const Symbol &symbol = object_[reloc.symbol];
    if (!symbol.section || !holds_code(symbol.section)) return {};
    const Moved &to = moved_[symbol.section.index];
    const Insn &old = moved.old[i];
    Insn &now = moved.now[moved.places[i]];
    const auto base = static_cast<int64_t>(symbol.value / sizeof(Insn));
    const auto new_base = static_cast<int64_t>(begin_of(symbol.section, symbol.value) / sizeof(Insn));
    const int64_t target = base + (old.is_lddw() ? old.imm / int64_t{sizeof(Insn)} : int64_t{old.imm} + 1);
    if (!exists(to, target)) return {};
    const int64_t distance = to.begins[static_cast<size_t>(target)] - new_base;
    now.imm = static_cast<int32_t>(old.is_lddw() ? distance * int64_t{sizeof(Insn)} : distance - 1);
    return {};
  }

  // The first line of a function is where the function begins: the kernel asks for it.
  void move(CodeInfo &info) {
    if (!holds_code(info.section)) return;
    std::set<uint32_t> starts;
    for (const FuncInfo &func : info.funcs) starts.insert(func.offset);
    for (LineInfo &line : info.lines)
      line.offset = static_cast<uint32_t>(starts.contains(line.offset) ? begin_of(info.section, line.offset)
                                                                       : place_of(info.section, line.offset));
    for (FuncInfo &func : info.funcs) func.offset = static_cast<uint32_t>(begin_of(info.section, func.offset));
    for (CoreReloc &core : info.core) core.offset = static_cast<uint32_t>(place_of(info.section, core.offset));
  }

  void store(SectionId id) {
    Section &section = object_.sections[id.index];
    const std::vector<Insn> &now = moved_[id.index].now;
    section.bytes.resize(now.size() * sizeof(Insn));
    if (!now.empty()) std::memcpy(section.bytes.data(), now.data(), section.bytes.size());
    section.size = section.bytes.size();
  }

  Object &object_;
  std::vector<Moved> moved_;  // by section
};

}  // namespace

Result<void> insert_code(Object &object, std::span<const Insertion> insertions) {
  return Inserter(object).run(insertions);
}

}  // namespace spile::object
