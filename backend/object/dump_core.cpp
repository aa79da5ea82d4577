// The CO-RE relocations of an object in words: by source line, each with its type, the path in C and what the number
// is, here and in the target.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "backend/object/core_reloc.h"
#include "backend/object/core_relocate.h"
#include "backend/object/dump.h"

namespace spile::object {

namespace {

const LineInfo *line_of(const CodeInfo &info, uint32_t offset) {
  const auto behind = std::ranges::upper_bound(info.lines, offset, {}, &LineInfo::offset);
  return behind == info.lines.begin() ? nullptr : &*std::prev(behind);
}

// What stands behind "in the target: ".
std::string in_target(const Object &object, const CoreReloc &reloc, tables::CoreKind kind, const CoreTarget &target) {
  const Result<CoreDecision> decision = target.decide(object.btf, reloc);
  if (!decision) return decision.error().message;
  if (!decision->target)
    return decision->is_poisoned ? "nothing, so the instruction must not be reached"
                                 : fmt::format("nothing, = {}", decision->number.value);
  const std::string path = print_core_spec(target.btf(), *decision->target, kind);
  std::string out = fmt::format("{} = {}", path, decision->number.value);
  if (decision->cannot_resize) out += ", of another size: a load or store of it must not be reached";
  return out;
}

}  // namespace

std::string dump_core(const Object &object, const CoreTarget *target, std::string_view only_section) {
  std::string out;
  auto to = std::back_inserter(out);
  for (const CodeInfo &info : object.code_info) {
    const Section &section = object[info.section];
    if (info.core.empty() || (!only_section.empty() && section.name != only_section)) continue;
    fmt::format_to(to, "section {}:\n", section.name);
    const LineInfo *shown = nullptr;
    for (const CoreReloc &reloc : info.core) {
      const LineInfo *line = line_of(info, reloc.offset);
      if (line != nullptr && line != shown) {
        std::string_view text = line->text;
        text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
        fmt::format_to(to, "  {}:{}: {}\n", line->file, line->line, text);
        shown = line;
      }
      const auto kind = tables::core_kind(reloc.kind);
      fmt::format_to(to, "{:>8}: {:<14} ", reloc.offset / sizeof(isa::Insn), name_of_core_reloc(reloc.kind));
      const auto spec = kind ? parse_core_spec(object.btf, reloc.type, reloc.access, *kind) : Result<CoreSpec>();
      const auto number = kind && spec ? core_number(object.btf, *spec, *kind) : Result<CoreNumber>();
      if (!kind || !spec || !number) {
        fmt::format_to(to, "[{}] {}: {}\n", reloc.type.value, reloc.access,
                       !kind   ? "a kind that is not known"
                       : !spec ? spec.error().message
                               : number.error().message);
        continue;
      }
      fmt::format_to(to, "{} = {}  ({})\n", print_core_spec(object.btf, *spec, *kind), number->value, reloc.access);
      if (target != nullptr && *kind != tables::CoreKind::TypeIdLocal)
        fmt::format_to(to, "{:>8}  in the target: {}\n", "", in_target(object, reloc, *kind, *target));
    }
  }
  return out;
}

}  // namespace spile::object
