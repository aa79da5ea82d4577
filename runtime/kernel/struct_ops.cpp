#include "runtime/kernel/struct_ops.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cstring>

namespace spile::kernel {

namespace {

using object::Map, object::Object, object::Section, object::SectionKind;

constexpr std::string_view kLinkSection = ".struct_ops.link", kSection = ".struct_ops";
constexpr std::string_view kSleepable = "struct_ops.s/";

bool is_link_section(const Section &section) {
  return section.kind == SectionKind::StructOps && section.name == kLinkSection;
}
bool is_sleepable(const Section &section) {
  return section.kind == SectionKind::Program &&
         std::string_view(section.name).substr(section.name.starts_with('?')).starts_with(kSleepable);
}

// A name in BTF ends where its NUL is.
Result<void> shorten_name(object::Btf &btf) {
  if (btf.empty()) return {};
  const auto raw = btf.raw();
  std::vector<std::byte> bytes(raw.begin(), raw.end());
  const std::string name = '\0' + std::string(kLinkSection) + '\0';
  const auto at = std::ranges::search(bytes, std::as_bytes(std::span(name))).begin();
  if (at == bytes.end()) return {};
  at[static_cast<ptrdiff_t>(1 + kSection.size())] = std::byte{0};
  auto parsed = object::Btf::parse(bytes);
  if (!parsed) return std::unexpected(parsed.error());
  btf = std::move(*parsed);
  return {};
}

bool is_of_table(const Object &object, const Map &map, const std::vector<std::string_view> &loaded) {
  return std::ranges::all_of(object[map.section].relocs, [&](const object::Reloc &reloc) {
    if (reloc.offset < map.section_offset || reloc.offset >= map.section_offset + map.value_size) return true;
    const object::Symbol &symbol = object[reloc.symbol];
    // By name, or by its place in its section.
    return std::ranges::any_of(object.programs, [&](const object::ProgramEntry &program) {
      return program.section_id == symbol.section && program.offset == symbol.value &&
             std::ranges::find(loaded, program.name) != loaded.end();
    });
  });
}

}  // namespace

bool has_new_struct_ops(const Object &object) {
  return std::ranges::any_of(object.sections, is_link_section) || std::ranges::any_of(object.sections, is_sleepable);
}

Result<void> make_old_struct_ops(Object &object) {
  for (Section &section : object.sections)
    if (is_sleepable(section)) section.name.erase(section.name.find(".s/"), 2);
  const auto link = std::ranges::find_if(object.sections, is_link_section);
  if (link == object.sections.end()) return {};
  if (object.find_section(kSection)) {
    auto failed =
        unsupported_error("{}: it has tables of functions in both `{}` and `{}`", object.path, kSection, kLinkSection);
    failed.error().hint = fmt::format("put all of them into SEC(\"{}\")", kLinkSection);
    return failed;
  }
  link->name = kSection;
  return shorten_name(object.btf);
}

void prepare_struct_ops(const Object &object, bpf_object *opened, const std::vector<std::string_view> &loaded) {
  for (const Map &declared : object.maps) {
    if (declared.type != BPF_MAP_TYPE_STRUCT_OPS) continue;
    bpf_map *const map = ::bpf_object__find_map_by_name(opened, declared.name.c_str());
    if (map == nullptr) continue;
    ::bpf_map__set_map_flags(map, ::bpf_map__map_flags(map) | (declared.map_flags & kStructOpsLink));
    ::bpf_map__set_autocreate(map, is_of_table(object, declared, loaded));
  }
}

}  // namespace spile::kernel
