#include "driver/foreign_hooks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "lang-spec/tables/syscalls.h"
#include "lang-spec/tables/tables.h"
#include "lang-spec/tables/tracepoints.h"
#include "support/numbers.h"

namespace spile::driver {

namespace {

using Parts = std::vector<std::string_view>;

Parts split(std::string_view text, char separator) {
  Parts parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// The parts from [first] on, as they were: the colons of `uprobe:FILE:FUNCTION` stay.
std::string_view rest_of(std::string_view hook, const Parts &parts, size_t first) {
  return hook.substr(static_cast<size_t>(parts[first].data() - hook.data()));
}

bool is_pattern(std::string_view text) { return text.find_first_of("*?[") != std::string_view::npos; }

// `kprobe/f`; for several functions, which one program can hang on, `kprobe.multi/f*`.
std::string of_function(std::string_view kind, std::string_view function) {
  return fmt::format("{}{}/{}", kind, is_pattern(function) ? ".multi" : "", function);
}

// `s`, `1` are `1s`.
std::string period(std::string_view unit, std::string_view count) {
  constexpr std::string_view kUnits[] = {"hz", "s", "ms", "us"};
  const bool is_known = std::ranges::find(kUnits, unit) != std::end(kUnits) && parse_number(count);
  return is_known ? fmt::format("{}{}", count, unit) : "";
}

// A name that bpftrace has, and its short form.
struct Kind {
  std::string_view name, letter, here;
};
constexpr auto kFunctions = std::to_array<Kind>({
    {"kprobe", "k", "kprobe"},
    {"kretprobe", "kr", "kretprobe"},
    {"fentry", "f", "fentry"},
    {"fexit", "fr", "fexit"},
    {"kfunc", "", "fentry"},
    {"kretfunc", "", "fexit"},
});
constexpr auto kOfFiles = std::to_array<Kind>({
    {"uprobe", "u", "uprobe"},
    {"uretprobe", "ur", "uretprobe"},
    {"usdt", "U", "usdt"},
});

const Kind *find_kind(std::span<const Kind> kinds, std::string_view name) {
  const auto found = std::ranges::find_if(
      kinds, [&](const Kind &kind) { return kind.name == name || (!kind.letter.empty() && kind.letter == name); });
  return found == kinds.end() ? nullptr : &*found;
}

std::string of_bpftrace(std::string_view hook) {
  const Parts parts = split(hook, ':');
  const std::string_view kind = parts[0];
  const size_t count = parts.size();
  if (count < 2) return {};
  if ((kind == "tracepoint" || kind == "t") && count == 3) return fmt::format("tracepoint/{}/{}", parts[1], parts[2]);
  if (kind == "rawtracepoint" || kind == "rt") return fmt::format("raw_tp/{}", parts.back());
  if (const Kind *known = find_kind(kFunctions, kind)) return of_function(known->here, parts.back());
  if (const Kind *known = find_kind(kOfFiles, kind); known != nullptr && count > 2)
    return fmt::format("{}/{}", known->here, rest_of(hook, parts, 1));
  if (kind == "interval" || kind == "i") {
    if (count == 2) return fmt::format("interval/{}", parts[1]);
    const std::string every = period(parts[1], parts[2]);
    return every.empty() ? "" : fmt::format("interval/{}", every);
  }
  if (kind == "profile" || kind == "p") {
    const std::string often = count == 2 ? period("hz", parts[1]) : period(parts[1], parts[2]);
    return often.empty() ? "" : fmt::format("profile/{}", often);
  }
  if (kind == "iter" || kind == "it") return fmt::format("iter/{}", parts.back());
  return {};
}

std::string of_syscall(std::string_view name, bool at_exit) {
  return fmt::format("tracepoint/syscalls/sys_{}_{}", at_exit ? "exit" : "enter", name);
}

// provider:module:function:name.
std::string of_dtrace(std::string_view hook) {
  if (hook.starts_with("tick-")) return fmt::format("interval/{}", hook.substr(5));
  const Parts parts = split(hook, ':');
  if (parts.size() != 4) return {};
  const std::string_view provider = parts[0], function = parts[2], name = parts[3];
  const bool at_exit = name == "return";
  if (provider == "dtrace" && (name == "BEGIN" || name == "END")) return name == "BEGIN" ? "begin" : "end";
  if (provider == "syscall" && !function.empty()) return of_syscall(function, at_exit);
  if (provider == "fbt" && !function.empty()) return of_function(at_exit ? "kretprobe" : "kprobe", function);
  if (provider.starts_with("pid") && !function.empty())
    return fmt::format("{}/{}:{}", at_exit ? "uretprobe" : "uprobe", parts[1].empty() ? "FILE" : parts[1], function);
  if (provider == "profile" && name.starts_with("profile-")) return fmt::format("profile/{}hz", name.substr(8));
  if (provider == "profile" && name.starts_with("tick-")) return fmt::format("interval/{}", name.substr(5));
  return {};
}

// What stands between [before] and [after] in [text]; empty when it does not look so.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  if (!text.starts_with(before)) return {};
  text.remove_prefix(before.size());
  return text.substr(0, text.find(after));
}

std::string of_systemtap(std::string_view hook) {
  const bool at_exit = hook.ends_with(".return");
  if (const auto name = between(hook, "syscall.", "."); !name.empty()) return of_syscall(name, at_exit);
  if (const auto name = between(hook, "kernel.function(\"", "\""); !name.empty())
    return of_function(at_exit ? "kretprobe" : "kprobe", name.substr(0, name.find('@')));
  if (const auto name = between(hook, "kernel.trace(\"", "\""); !name.empty()) {
    const std::string bare = hook_spelled_here(name);
    return bare.empty() ? fmt::format("tracepoint/{}", name) : bare;
  }
  if (const auto file = between(hook, "process(\"", "\""); !file.empty()) {
    if (const size_t at = hook.find(".function(\""); at != std::string_view::npos)
      return fmt::format("{}/{}:{}", at_exit ? "uretprobe" : "uprobe", file,
                         between(hook.substr(at), ".function(\"", "\""));
    if (const size_t at = hook.find(".mark(\""); at != std::string_view::npos)
      return fmt::format("usdt/{}:PROVIDER:{}", file, between(hook.substr(at), ".mark(\"", "\""));
  }
  constexpr std::pair<std::string_view, std::string_view> kUnits[] = {{"s", "s"},     {"sec", "s"}, {"ms", "ms"},
                                                                      {"msec", "ms"}, {"us", "us"}, {"usec", "us"}};
  for (const auto &[unit, here] : kUnits)
    if (const auto count = between(hook, fmt::format("timer.{}(", unit), ")"); !count.empty())
      return fmt::format("interval/{}{}", count, here);
  if (hook == "timer.profile") return "profile/99hz";
  return {};
}

// `sys_enter_open`, `syscalls/sys_enter_open`, `syscalls:sys_enter_open`, `sched:sched_switch`, `sched_switch`, `open`.
std::string of_bare_name(std::string_view hook) {
  const size_t separator = hook.find_first_of(":/");
  const std::string_view category = separator == std::string_view::npos ? "" : hook.substr(0, separator);
  const std::string_view name = separator == std::string_view::npos ? hook : hook.substr(separator + 1);
  if (name.find_first_of(":/ ") != std::string_view::npos) return {};
  if (category == "raw_syscalls") return fmt::format("tracepoint/raw_syscalls/{}", name);
  if ((category.empty() || category == "syscalls") && (name.starts_with("sys_enter_") || name.starts_with("sys_exit_")))
    return fmt::format("tracepoint/syscalls/{}", name);
  std::string found;
  if (category.empty() || category == "syscalls" || category == "syscall")
    if (tables::find_syscall(name) != nullptr) found = of_syscall(name, false);
  tables::for_each_tracepoint([&](std::string_view known, std::string_view) {
    const size_t slash = known.find('/');
    if (known.substr(slash + 1) == name && (category.empty() || known.substr(0, slash) == category))
      found = fmt::format("tracepoint/{}", known);
  });
  return found;
}

}  // namespace

std::string hook_spelled_here(std::string_view hook) {
  if (hook.starts_with("probe ")) hook.remove_prefix(6);
  if (hook == "BEGIN" || hook == "END") return hook == "BEGIN" ? "begin" : "end";
  for (const auto read : {of_dtrace, of_bpftrace, of_systemtap, of_bare_name})
    if (std::string here = read(hook); !here.empty()) return here;
  return {};
}

}  // namespace spile::driver
