#include "backend/object/object.h"

#include <algorithm>

#include "support/check.h"

namespace spile::object {

bool is_named(std::string_view section, std::string_view base) {
  return section.starts_with(base) && (section.size() == base.size() || section[base.size()] == '.');
}

SectionId Object::find_section(std::string_view name) const {
  const auto it = std::ranges::find(sections, name, &Section::name);
  return it == sections.end() ? SectionId{} : SectionId(static_cast<size_t>(it - sections.begin()));
}

SymbolId Object::find_symbol(std::string_view name) const {
  const auto it = std::ranges::find(symbols, name, &Symbol::name);
  return it == symbols.end() ? SymbolId{} : SymbolId(static_cast<size_t>(it - symbols.begin()));
}

const CodeInfo *Object::info_of(SectionId section) const {
  const auto it = std::ranges::find(code_info, section, &CodeInfo::section);
  return it == code_info.end() ? nullptr : &*it;
}

const ProgramEntry *Object::find_program(std::string_view name) const {
  const auto it = std::ranges::find(programs, name, &ProgramEntry::name);
  return it == programs.end() ? nullptr : &*it;
}

const Program::Line *Program::line_of(uint32_t insn) const {
  const auto after = std::ranges::upper_bound(lines, insn, {}, &Line::insn);
  if (after == lines.begin()) return nullptr;
  const Line &line = *std::prev(after);
  return line.insn >= subprogram_of(insn).start ? &line : nullptr;
}

const Program::Subprogram &Program::subprogram_of(uint32_t insn) const {
  SPILE_CHECK(!subprograms.empty(), "a linked program has at least its entry");
  const auto after = std::ranges::upper_bound(subprograms, insn, {}, &Subprogram::start);
  return after == subprograms.begin() ? subprograms.front() : *std::prev(after);
}

}  // namespace spile::object
