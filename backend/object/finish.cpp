// finish(): what an object means, derived from its sections, symbols and BTF by libbpf's conventions.

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "backend/object/map_definitions.h"
#include "backend/object/object.h"
#include "lang-spec/tables/tables.h"

namespace spile::object {

namespace {

bool is_user_side(std::string_view section) {
  const tables::ProgramType *type = tables::find_program_type(section);
  return type != nullptr && (type->flags & tables::kUserSideProgram) != 0;
}

// "?": libbpf makes such a map, but does not load it by default.
bool is_struct_ops(std::string_view section) {
  if (section.starts_with('?')) section.remove_prefix(1);
  return section == ".struct_ops" || section == ".struct_ops.link";
}

// The reader and the emitter know which sections hold instructions; the rest follows from the names.
SectionKind kind_of(const Section &section, bool has_functions) {
  const std::string_view name = section.name;
  if (has_functions && is_user_side(name)) return SectionKind::UserSide;
  if (section.kind == SectionKind::Program || section.kind == SectionKind::UserSide) return SectionKind::Program;
  if (is_named(name, ".bss")) return SectionKind::Bss;
  if (section.bytes.size() != section.size) return SectionKind::Other;  // no contents, and no .bss
  if (is_named(name, ".data")) return SectionKind::Data;
  if (is_named(name, ".rodata")) return SectionKind::Rodata;
  if (name == ".maps") return SectionKind::Maps;
  if (name == "maps") return SectionKind::LegacyMaps;
  if (is_struct_ops(name)) return SectionKind::StructOps;
  if (name == ".addr_space.1") return SectionKind::Arena;
  if (name == "license") return SectionKind::License;
  if (name == "version") return SectionKind::Version;
  return SectionKind::Other;
}

Result<void> classify_sections(Object &object) {
  std::vector<bool> has_functions(object.sections.size());
  for (const Symbol &symbol : object.symbols)
    if (symbol.kind == SymbolKind::Function && symbol.section) has_functions[symbol.section.index] = true;
  for (size_t i = 0; i < object.sections.size(); i++) {
    Section &section = object.sections[i];
    section.kind = kind_of(section, has_functions[i]);
    const bool is_code = section.kind == SectionKind::Program || section.kind == SectionKind::UserSide;
    if (is_code && (section.bytes.size() != section.size || section.size % sizeof(isa::Insn) != 0))
      return input_error("{}: section `{}` has {} bytes, no whole number of instructions", object.path, section.name,
                         section.bytes.size());
  }
  return {};
}

// A compiler does not know where the linker or assembler puts a variable, so clang leaves the sizes of sections and
// the offsets of global variables 0 in BTF. libbpf fills them in before it loads (bpf_object__fixup_btf), as here.
void place_variables(Object &object) {
  std::map<std::pair<uint32_t, std::string_view>, const Symbol *> symbols;
  for (const Symbol &symbol : object.symbols)
    if (symbol.section && symbol.kind != SymbolKind::Section)
      symbols.try_emplace({symbol.section.index, symbol.name}, &symbol);

  for (uint32_t id = 1; id < object.btf.type_count(); id++) {
    const BtfType type = object.btf.type(BtfId{id});
    if (type.kind != BtfKind::DataSec) continue;
    const SectionId section = object.find_section(type.name);
    if (!section || object[section].size > UINT32_MAX) continue;  // .ksyms and .kconfig exist in BTF only
    std::vector<BtfVarSecInfo> variables = object.btf.variables(BtfId{id});
    for (BtfVarSecInfo &variable : variables) {
      const auto found = symbols.find({section.index, object.btf.type(variable.var).name});
      if (found != symbols.end()) variable.offset = static_cast<uint32_t>(found->second->value);
    }
    std::ranges::stable_sort(variables, {}, &BtfVarSecInfo::offset);  // the kernel wants them in order
    object.btf.set_datasec(BtfId{id}, static_cast<uint32_t>(object[section].size), variables);
  }
}

void read_license_and_version(Object &object) {
  object.license.clear();
  object.kern_version = 0;
  for (const Section &section : object.sections) {
    if (section.kind == SectionKind::License && object.license.empty()) {
      for (const std::byte byte : section.bytes) {
        if (byte == std::byte{0}) break;
        object.license += static_cast<char>(byte);
      }
    } else if (section.kind == SectionKind::Version && section.bytes.size() >= sizeof object.kern_version) {
      std::memcpy(&object.kern_version, section.bytes.data(), sizeof object.kern_version);
    }
  }
}

// An assembler leaves out the size of a function that has no .size (and of the last one, even if it has): it then ends
// where the next begins.
void size_functions(Object &object) {
  std::map<std::pair<uint32_t, uint64_t>, uint64_t> ends;  // of what begins at a byte of a section
  for (const Symbol &symbol : object.symbols)
    if (symbol.kind == SymbolKind::Function && symbol.section) ends[{symbol.section.index, symbol.value}] = 0;
  for (auto it = ends.begin(); it != ends.end(); ++it) {
    const auto next = std::next(it);
    const bool is_last = next == ends.end() || next->first.first != it->first.first;
    it->second = is_last ? object.sections[it->first.first].size : next->first.second;
  }
  for (Symbol &symbol : object.symbols)
    if (symbol.kind == SymbolKind::Function && symbol.section && symbol.size == 0)
      symbol.size = ends[{symbol.section.index, symbol.value}] - symbol.value;
}

// Every function with a SEC() is an entry; .text holds subprograms, and a static function is only called.
Result<void> collect_programs(Object &object) {
  object.programs.clear();
  for (size_t i = 0; i < object.symbols.size(); i++) {
    const Symbol &symbol = object.symbols[i];
    if (symbol.kind != SymbolKind::Function || !symbol.section) continue;
    const Section &section = object[symbol.section];
    if (section.kind != SectionKind::Program && section.kind != SectionKind::UserSide) continue;
    if (symbol.value % sizeof(isa::Insn) != 0 || symbol.size % sizeof(isa::Insn) != 0 || symbol.size == 0 ||
        symbol.value > section.size || symbol.size > section.size - symbol.value)
      return input_error("{}: function `{}` lies at bytes {:#x} to {:#x} of `{}`, which has {:#x}", object.path,
                         symbol.name, symbol.value, symbol.value + symbol.size, section.name, section.size);
    if (section.name == ".text" || symbol.binding == Binding::Local) continue;
    object.programs.push_back({symbol.name, section.name, symbol.section, symbol.value, symbol.size, SymbolId(i)});
  }
  std::ranges::stable_sort(object.programs, {},
                           [](const ProgramEntry &p) { return std::pair(p.section_id, p.offset); });
  return {};
}

}  // namespace

Result<void> finish(Object &object) {
  if (Result<void> classified = classify_sections(object); !classified) return classified;
  place_variables(object);
  read_license_and_version(object);
  Result<std::vector<Map>> maps = collect_maps(object);
  object.maps = maps ? *std::move(maps) : std::vector<Map>{};
  object.map_fault = maps ? std::nullopt : std::optional(maps.error());
  size_functions(object);
  return collect_programs(object);
}

}  // namespace spile::object
