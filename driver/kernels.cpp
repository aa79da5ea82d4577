#include "driver/kernels.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "backend/isa/info.h"
#include "lang-spec/tables/kernels.h"
#include "verifier/types.h"

namespace spile::driver {
namespace {

using tables::Feature;

struct NameSince {
  std::string_view name;
  uint16_t since;
};
constexpr NameSince kSections[] = {
#define SPILE_SECTION_SINCE(section, major, minor) {section, tables::linux_version(major, minor)},
#include "lang-spec/tables/kernels.def"
};
constexpr NameSince kKfuncs[] = {
#define SPILE_KFUNC_SINCE(name, major, minor) {name, tables::linux_version(major, minor)},
#include "lang-spec/tables/kernels.def"
};

uint16_t since_of(std::span<const NameSince> rows, std::string_view name) {
  const NameSince *best = nullptr;
  for (const NameSince &row : rows)
    if (name.starts_with(row.name) && (best == nullptr || row.name.size() > best->name.size())) best = &row;
  return best == nullptr ? 0 : best->since;
}

uint16_t since_of_map(uint32_t type) {
  switch (type) {
#define SPILE_MAP_SINCE(number, major, minor) \
  case number:                                \
    return tables::linux_version(major, minor);
#include "lang-spec/tables/kernels.def"
    default:
      return 0;
  }
}

}  // namespace

class OlderKernels::Collector {
 public:
  Collector(const Judged &judged, const object::Object &object) : judged_(judged), object_(object) {}

  std::vector<Need> run() {
    const std::string &section = judged_.program.section;
    add(fmt::format("a program in `{}`", section), since_of(kSections, section));
    // A loader makes every map, whatever becomes of the programs.
    for (size_t i = 0; i < object_.maps.size(); i++) map(i);
    const auto &insns = judged_.program.insns;
    for (size_t i = 0; i < insns.size(); i++)
      if (i < judged_.verdict.reached.size() && judged_.verdict.reached[i]) instruction(insns[i]);
    std::ranges::stable_sort(needs_, std::greater{}, &Need::since);
    return std::move(needs_);
  }

 private:
  void add(std::string what, uint16_t since) {
    if (since > kOldestKernel && std::ranges::find(needs_, what, &Need::what) == needs_.end())
      needs_.push_back({std::move(what), since});
  }
  void add(Feature feature, std::string_view which = {}) {
    const tables::FeatureRow &row = tables::row_of(feature);
    add(fmt::format("{}{}", row.spoken, which), row.since);
  }

  void instruction(const isa::Insn &insn) {
    const isa::InsnInfo *info = isa::lookup(insn);
    if (info == nullptr) return;
    switch (info->shape) {
      case isa::Shape::CallHelper:
        if (const tables::Helper *helper = tables::find_helper(static_cast<uint32_t>(insn.imm)))
          add(fmt::format("`{}`", c_name(*helper)), helper->since);
        return;
      case isa::Shape::CallKfunc: {
        const object::BtfType function = object_.btf.type(object::BtfId{static_cast<uint32_t>(insn.imm)});
        const std::string_view name = verifier::without_flavour(function.name);
        add(fmt::format("`{}`", name), since_of(kKfuncs, name));
        return;
      }
      case isa::Shape::LoadImm64:
        if (insn.src == isa::kPseudoFunc) add(Feature::Callbacks);
        return;
      case isa::Shape::Atomic:
        // The sum of one value into memory is as old as eBPF.
        if (insn.imm != isa::ADD) add(Feature::FetchingAtomics);
        return;
      case isa::Shape::MayGoto:
        add(Feature::MayGoto);
        return;
      case isa::Shape::LoadAcquire:
      case isa::Shape::StoreRelease:
        add(Feature::AcquireRelease);
        return;
      default:
        if (info->cpu >= 4) add(Feature::Cpu4, fmt::format(" ({})", info->name));
        return;
    }
  }

  void map(size_t index) {
    const object::Map &map = object_.maps[index];
    const tables::MapType *type = tables::find_map_type(map.type);
    add(fmt::format("the map `{}` ({})", map.name, type != nullptr ? type->spoken : "?"), since_of_map(map.type));
  }

  const Judged &judged_;
  const object::Object &object_;
  std::vector<Need> needs_;
};

OlderKernels::OlderKernels(const Judged &judged, const object::Object &object)
    : judged_(judged), needs_(Collector(judged, object).run()) {}

std::string OlderKernels::refusal(uint16_t version) const {
  std::string missing;
  for (const Need &need : needs_)
    if (need.since > version)
      missing += fmt::format("{}{} came with {}", missing.empty() ? "" : ", ", need.what, version_text(need.since));
  if (!missing.empty()) return missing;
  verifier::Options how = judged_.how;
  how.linux_version = version;
  const verifier::Verdict verdict = verifier::verify(judged_.program, *judged_.type, how);
  if (verdict.kind == verifier::Verdict::Accept) return {};
  const verifier::Rejection &reason = verdict.rejections.front();
  const std::string said = fmt::format("{} [{}]", reason.diagnostic.message, reason.diagnostic.info->name);
  const uint32_t line = reason.diagnostic.foreign.line;
  return line == 0 ? fmt::format("instruction {}: {}", reason.insn, said) : fmt::format("line {}: {}", line, said);
}

uint16_t OlderKernels::first() const {
  std::vector<uint16_t> versions;
  for (const Need &need : needs_) versions.push_back(need.since);
  for (const tables::FeatureRow &row : tables::kFeatures) versions.push_back(row.since);
  std::ranges::sort(versions);
  for (const uint16_t version : versions)
    if (refusal(version).empty()) return version;
  return versions.back();
}

Result<std::vector<uint16_t>> parse_kernels(const std::string &list) {
  std::vector<uint16_t> versions;
  const char *at = list.data(), *const end = at + list.size();
  const auto wrong = [&] { return usage_error("--kernel takes versions, for example 5.10,6.1; not `{}`", list); };
  while (true) {
    unsigned major = 0, minor = 0;
    const auto first = std::from_chars(at, end, major);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.' || major > 255) return wrong();
    const auto second = std::from_chars(first.ptr + 1, end, minor);
    if (second.ec != std::errc() || minor > 255) return wrong();
    const uint16_t version = tables::linux_version(major, minor);
    if (version < kOldestKernel || version > kNewestKernel)
      return usage_error("--kernel knows Linux {} to {}; not {}", version_text(kOldestKernel),
                         version_text(kNewestKernel), version_text(version));
    versions.push_back(version);
    if (second.ptr == end) return versions;
    if (*second.ptr != ',') return wrong();
    at = second.ptr + 1;
  }
}

std::string version_text(uint16_t version) { return fmt::format("{}.{}", version >> 8, version & 0xff); }

}  // namespace spile::driver
