#include "runtime/hooks/code_events.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/hooks/sampler.h"

namespace spile::hooks {

namespace {

using NamePair = std::pair<std::string_view, std::string_view>;

#ifdef __aarch64__
// struct user_pt_regs.
constexpr auto kRegisters = std::to_array<std::string_view>(
    {"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",    "x10", "x11",
     "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",   "x22", "x23",
     "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",  "pc",  "pstate"});
constexpr auto kConvention = std::to_array<NamePair>({{"arg0", "x0"},
                                                      {"arg1", "x1"},
                                                      {"arg2", "x2"},
                                                      {"arg3", "x3"},
                                                      {"arg4", "x4"},
                                                      {"arg5", "x5"},
                                                      {"ret", "x0"},
                                                      {"ip", "pc"}});
#else
// struct pt_regs.
constexpr auto kRegisters =
    std::to_array<std::string_view>({"r15", "r14", "r13", "r12", "bp",      "bx", "r11", "r10",   "r9", "r8", "ax",
                                     "cx",  "dx",  "si",  "di",  "orig_ax", "ip", "cs",  "flags", "sp", "ss"});
constexpr auto kConvention = std::to_array<NamePair>(
    {{"arg0", "di"}, {"arg1", "si"}, {"arg2", "dx"}, {"arg3", "cx"}, {"arg4", "r8"}, {"arg5", "r9"}, {"ret", "ax"}});
#endif
static_assert(kRegisters.size() * sizeof(uint64_t) == kHitContextSize);

RecordFormat registers(std::string_view hook) {
  RecordFormat format{std::string(hook), {}, 0};
  for (const std::string_view name : kRegisters) {
    format.fields.push_back({"unsigned long", std::string(name), format.size, sizeof(uint64_t)});
    format.size += sizeof(uint64_t);
  }
  return format;
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_same_file(std::string_view a, std::string_view b) {
  if (a == b) return true;
  if (a.contains('/') && b.contains('/')) return false;
  a = last_part(a);
  b = last_part(b);
  const auto is_of_version = [](std::string_view file, std::string_view name) {
    return file.starts_with(name) && file.substr(name.size()).starts_with(".so");
  };
  return a == b || is_of_version(a, b) || is_of_version(b, a);
}

}  // namespace

Tracepoint hit_event(std::string_view hook) { return Tracepoint::of(registers(hook), Tracepoint::Kind::Hit); }

Tracepoint sample_event(std::string_view hook) {
  RecordFormat format = registers(hook.contains('/') ? hook : "profile/99hz");
  for (const char *name : {"sample_period", "addr"}) {
    format.fields.push_back({"u64", name, format.size, sizeof(uint64_t)});
    format.size += sizeof(uint64_t);
  }
  return Tracepoint::of(std::move(format), Tracepoint::Kind::Sample);
}

std::optional<Tracepoint> find_code_event(std::string_view hook) {
  const std::string_view type = hook.substr(0, hook.find('/'));
  if (type == "profile" || type == "perf_event") {
    if (!sample_period(hook)) return std::nullopt;
    return sample_event(hook);
  }
  if (type != "uprobe" && type != "uretprobe" && type != "usdt") return std::nullopt;
  if (!parse_user_probe(hook)) return std::nullopt;
  return hit_event(hook);
}

std::string_view register_of(std::string_view name) {
  const auto *const found = std::ranges::find(kConvention, name == "retval" ? "ret" : name, &NamePair::first);
  return found == kConvention.end() ? name : found->second;
}

std::string hit_name(const UserProbeName &probe, std::string_view place) {
  constexpr std::string_view kTypes[] = {"uprobe", "uretprobe", "usdt"};
  return fmt::format("{}/{}:{}", kTypes[static_cast<size_t>(probe.kind)], probe.file, place);
}

bool is_hit_of(const UserProbeName &hit, const UserProbeName &probe) {
  if (hit.kind != probe.kind || !is_same_file(hit.file, probe.file)) return false;
  if (probe.is_pattern) return hit.offset == 0 && ::fnmatch(probe.function.c_str(), hit.function.c_str(), 0) == 0;
  return hit.provider == probe.provider && hit.function == probe.function && hit.offset == probe.offset;
}

}  // namespace spile::hooks
