#include "lang-spec/tables/tables.h"

#include <algorithm>
#include <string>

#include "lang-spec/tables/spelling.h"

namespace spile::tables {

const Helper *find_helper(uint32_t number) {
  const auto *it = std::ranges::lower_bound(kHelpers, number, {}, &Helper::number);
  return it != kHelpers.end() && it->number == number ? it : nullptr;
}

const Helper *find_helper(std::string_view name) {
  const auto *it = std::ranges::find(kHelpers, name, &Helper::name);
  return it != kHelpers.end() ? it : nullptr;
}

std::string c_name(const Helper &helper) {
  return ((helper.flags & kUserSide) != 0 ? "" : "bpf_") + std::string(helper.name);
}

const std::array<Arg, 5> &arguments_of(const Helper &helper, uint32_t program) {
  if (program < kUserSideBit)
    for (const auto &variant : kHelperVariants)
      if (variant.number == helper.number && (variant.programs >> program & 1) != 0) return variant.args;
  return helper.args;
}

bool is_available(const Helper &helper, uint32_t program) {
  return (helper.programs >> std::min(program, kUserSideBit) & 1) != 0;
}

const MapType *find_map_type(uint32_t number) {
  const auto *it = std::ranges::find(kMapTypes, number, &MapType::number);
  return it != kMapTypes.end() ? it : nullptr;
}

bool fits(SizeRule rule, uint32_t size) {
  switch (rule) {
    case SizeRule::Any:
      return size > 0;
    case SizeRule::U32:
      return size == 4;
    case SizeRule::U32OrU64:
      return size == 4 || size == 8;
    case SizeRule::Words:
      return size > 0 && size % 8 == 0;
    case SizeRule::Prefix:
      return size > 4 && size <= 260;
    case SizeRule::CgroupKey:
      return size == 8 || size == 16;
    case SizeRule::None:
      return size == 0;
  }
  return false;
}

std::string_view spoken(SizeRule rule) {
  switch (rule) {
    case SizeRule::Any:
      return "any size";
    case SizeRule::U32:
      return "4 bytes";
    case SizeRule::U32OrU64:
      return "4 or 8 bytes";
    case SizeRule::Words:
      return "a multiple of 8 bytes";
    case SizeRule::Prefix:
      return "5 to 260 bytes: the prefix's length, then the data";
    case SizeRule::CgroupKey:
      return "8 bytes, or 16: `struct bpf_cgroup_storage_key`";
    case SizeRule::None:
      return "none";
  }
  return {};
}

std::string_view spoken(EntriesRule rule) {
  switch (rule) {
    case EntriesRule::Positive:
      return "1 or more";
    case EntriesRule::Zero:
      return "0";
    case EntriesRule::One:
      return "1";
    case EntriesRule::Cpus:
      return "0: one for each CPU";
    case EntriesRule::Pages:
      return "bytes: a power of two, whole pages";
  }
  return {};
}

std::string_view name_of(AttachType attach) {
  static constexpr auto kNames = std::to_array<std::string_view>({
#define SPILE_ATTACH(number, NAME) "BPF_" #NAME,
#include "lang-spec/tables/attach.def"
  });
  const auto index = static_cast<size_t>(attach);
  return index < kNames.size() ? kNames[index] : std::string_view{};
}

const CtxField *find_ctx_field(CtxKind ctx, uint32_t offset) {
  for (const CtxField &field : kCtxFields)
    if (field.ctx == ctx && field.offset <= offset && offset < field.offset + field.size) return &field;
  return nullptr;
}

bool allows(const CtxField &field, uint32_t offset, uint32_t size, bool write) {
  if (offset % size != 0 || (field.access & (write ? kWrite : kRead)) == 0) return false;
  if (offset == field.offset && size == field.unit) return true;
  const bool within = offset + size <= field.offset + field.size;
  if (size == field.unit) return within;
  if (size > field.unit)  // bpf_ctx_wide_access_ok()
    return within && (field.access & kWide) != 0;
  return within && (field.access & (write ? kNarrowWrite : kNarrow)) != 0;
}

const ProgramType *find_program_type(std::string_view section) {
  if (section.starts_with('?')) section.remove_prefix(1);
  const ProgramType *best = nullptr;
  for (const ProgramType &row : kProgramTypes) {
    if (!section.starts_with(row.section)) continue;
    const std::string_view rest = section.substr(row.section.size());
    const bool has_slash = rest.starts_with('/');
    const bool matches = row.match == SectionMatch::Exact   ? rest.empty()
                         : row.match == SectionMatch::Slash ? has_slash && rest.size() > 1
                                                            : rest.empty() || has_slash;
    if (matches && (best == nullptr || row.section.size() > best->section.size())) best = &row;
  }
  return best;
}

bool is_gpl_compatible(std::string_view license) {
  static constexpr std::string_view kCompatible[] = {"GPL",          "GPL v2",       "GPL and additional rights",
                                                     "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"};
  return std::ranges::find(kCompatible, license) != std::end(kCompatible);
}

std::array<std::string_view, 3> nearest_sections(std::string_view section) {
  const std::string_view head = section.substr(0, section.find('/'));
  std::array<std::string_view, 3> nearest{};
  std::array<size_t, 3> distances;
  distances.fill(SIZE_MAX);
  for (const ProgramType &row : kProgramTypes) {
    if (std::ranges::find(nearest, row.section) != nearest.end()) continue;  // several rows share a section
    const size_t distance = letters_apart(head, row.section);
    const auto place = std::ranges::upper_bound(distances, distance) - distances.begin();
    if (place == std::ssize(nearest)) continue;
    std::copy_backward(distances.begin() + place, distances.end() - 1, distances.end());
    std::copy_backward(nearest.begin() + place, nearest.end() - 1, nearest.end());
    distances[static_cast<size_t>(place)] = distance;
    nearest[static_cast<size_t>(place)] = row.section;
  }
  return nearest;
}

}  // namespace spile::tables
