#include "runtime/kernel/legacy_maps.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "backend/object/map_definitions.h"
#include "runtime/kernel/kernel_map.h"

namespace spile::kernel {

namespace {

using object::Map, object::Object, object::Reloc, object::Section, object::SectionKind;

Result<Fd> make(const Object &object, const Map &map) {
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = map.map_flags;
  const uint32_t entries = object::asked_for(map, possible_cpus()).max_entries;
  Fd made(::bpf_map_create(static_cast<bpf_map_type>(map.type), map.name.substr(0, BPF_OBJ_NAME_LEN - 1).c_str(),
                           map.key_size, map.value_size, entries, &options));
  if (!made.valid()) return os_error(errno, fmt::format("{}: map `{}`", object.path, map.name));
  return made;
}

// The load of a map's address gets its descriptor.
void name_descriptor(Section &section, const Reloc &reloc, int fd) {
  isa::Insn load[2];
  std::memcpy(load, section.bytes.data() + reloc.offset, sizeof load);
  load[0].src = isa::kPseudoMapFd;
  load[0].imm = fd;
  load[1].imm = 0;
  std::memcpy(section.bytes.data() + reloc.offset, load, sizeof load);
}

}  // namespace

bool has_legacy_maps(const Object &object) {
  return std::ranges::any_of(object.sections, [](const Section &s) { return s.kind == SectionKind::LegacyMaps; });
}

Result<std::vector<LegacyMap>> make_legacy_maps(Object &object) {
  std::vector<LegacyMap> made;
  std::vector<uint64_t> places;  // of those made, in their section
  for (const Map &map : object.maps) {
    if (!map.section || object[map.section].kind != SectionKind::LegacyMaps) continue;
    auto fd = make(object, map);
    if (!fd) return std::unexpected(fd.error());
    made.emplace_back(map.name, std::move(*fd));
    places.push_back(map.section_offset);
  }
  const auto is_of_map = [&](const Reloc &reloc) {
    const object::Symbol &symbol = object[reloc.symbol];
    return symbol.section && object[symbol.section].kind == SectionKind::LegacyMaps;
  };
  for (Section &section : object.sections) {
    for (const Reloc &reloc : section.relocs) {
      if (!is_of_map(reloc) || reloc.offset + 2 * sizeof(isa::Insn) > section.bytes.size()) continue;
      isa::Insn load;
      std::memcpy(&load, section.bytes.data() + reloc.offset, sizeof load);
      const auto place = std::ranges::find(places, object[reloc.symbol].value + static_cast<uint64_t>(load.imm));
      if (!load.is_lddw() || place == places.end())
        return input_error("{}: byte {:#x} of `{}` names no map", object.path, reloc.offset, section.name);
      name_descriptor(section, reloc, made[static_cast<size_t>(place - places.begin())].second.get());
    }
    std::erase_if(section.relocs, is_of_map);
  }
  for (Section &section : object.sections)
    if (section.kind == SectionKind::LegacyMaps) section.name = ".legacy_maps";  // which libbpf passes over
  return made;
}

}  // namespace spile::kernel
