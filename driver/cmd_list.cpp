// spile list [PATTERN…]: the hooks that a probe can name, with -v their contexts.
#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_set>

#include "backend/object/btf_scan.h"
#include "driver/arguments.h"
#include "driver/commands.h"
#include "driver/foreign_hooks.h"
#include "driver/list_functions.h"
#include "frontend/btf/sources.h"
#include "lang-spec/tables/spelling.h"
#include "lang-spec/tables/tables.h"
#include "runtime/hooks/tracepoint.h"
#include "runtime/kernel/tracefs.h"

namespace spile::driver {

namespace {

struct ListedHook {
  std::string section;  // as in SEC()
  const tables::ProgramType *type = nullptr;
  uint32_t prototype = 0;  // in the kernel's BTF, of what it hangs on
};

// What this machine's kernel says of itself. [tracefs]: to root alone. [types]: to everybody.
struct KernelsWords {
  Result<kernel::Tracefs> tracefs = kernel::Tracefs::open();
  Result<object::BtfScan> types = object::BtfScan::open(btf::kHostBtf);
};

// Those that a command's system calls fire.
void add_syscalls(std::vector<ListedHook> &hooks, const tables::ProgramType *tracepoint) {
  for (const char *raw : {"sys_enter", "sys_exit"})
    hooks.push_back({fmt::format("tracepoint/raw_syscalls/{}", raw), tracepoint});
  for (const tables::Syscall &syscall : tables::syscalls())
    if (syscall.number() >= 0)
      for (const char *way : {"enter", "exit"})
        hooks.push_back({fmt::format("tracepoint/syscalls/sys_{}_{}", way, syscall.tracepoint), tracepoint});
}

// The kernel's other tracepoints.
void add_tracefs(std::vector<ListedHook> &hooks, const kernel::Tracefs &tracefs,
                 const tables::ProgramType *tracepoint) {
  const auto names = tracefs.tracepoints();
  if (!names) return;
  for (const std::string &name : *names)
    if (!name.substr(0, name.find('/')).ends_with("syscalls"))
      hooks.push_back({fmt::format("tracepoint/{}", name), tracepoint});
}

// Its tracepoints with the arguments that they are called with. A type has no names for them; the function has that
// calls the programs, whose own name is another in other kernels.
void add_raw_tracepoints(std::vector<ListedHook> &hooks, const object::BtfScan &types, bool with_arguments) {
  constexpr std::string_view kType = "btf_trace_", kFunction = "__probestub_", kOlderFunction = "__traceiter_";
  std::map<std::string_view, uint32_t> prototypes;  // by the tracepoint's name
  types.each_typedef([&](std::string_view name, uint32_t type) {
    if (name.starts_with(kType)) prototypes.emplace(name.substr(kType.size()), type);
  });
  if (with_arguments)
    types.each_function([&](std::string_view name, uint32_t prototype) {
      for (const std::string_view prefix : {kFunction, kOlderFunction}) {
        if (!name.starts_with(prefix)) continue;
        if (const auto known = prototypes.find(name.substr(prefix.size())); known != prototypes.end())
          known->second = prototype;
      }
    });
  for (const std::string_view prefix : {"tp_btf/", "raw_tp/"}) {
    const tables::ProgramType *type = tables::find_program_type(fmt::format("{}sched_switch", prefix));
    for (const auto &[name, prototype] : prototypes)
      hooks.push_back({fmt::format("{}{}", prefix, name), type, prototype});
  }
}

bool is_of_functions(std::string_view prefix) {
  constexpr std::string_view kOfFunctions[] = {"fentry", "fexit", "fmod_ret", "fsession", "kprobe", "kretprobe"};
  const std::string_view kind = prefix.substr(0, prefix.find('.'));  // of `kprobe.multi`, `fentry.s`
  return std::ranges::find(kOfFunctions, kind) != std::end(kOfFunctions) &&
         tables::find_program_type(prefix) != nullptr;
}

// `fentry/tcp_*`: functions, of which there are too many to be listed without a pattern of theirs.
std::vector<ListedHook> functions_like(const std::string &pattern, const object::BtfScan &types) {
  std::vector<ListedHook> hooks;
  const size_t slash = pattern.find('/');
  const std::string_view prefix = std::string_view(pattern).substr(0, slash);
  if (slash == std::string::npos || !is_of_functions(prefix)) return hooks;
  const tables::ProgramType *type = tables::find_program_type(pattern);
  std::unordered_set<std::string_view> seen;  // functions of several files may have one name
  types.each_function([&](std::string_view name, uint32_t prototype) {
    const std::string text(name);
    if (::fnmatch(pattern.c_str() + slash + 1, text.c_str(), 0) == 0 && seen.insert(name).second)
      hooks.push_back({fmt::format("{}/{}", prefix, name), type, prototype});
  });
  return hooks;
}

// `lsm/file_*`, `ksyscall/openat*`: hooks that have functions of their own in the kernel, `bpf_lsm_file_open`, and
// system calls.
std::vector<ListedHook> named_like(const std::string &pattern, const Result<object::BtfScan> &types) {
  std::vector<ListedHook> hooks;
  const size_t slash = pattern.find('/');
  if (slash == std::string::npos) return hooks;
  const std::string_view prefix = std::string_view(pattern).substr(0, slash);
  const tables::ProgramType *type = tables::find_program_type(pattern);
  const auto take = [&](std::string_view name, uint32_t prototype) {
    if (::fnmatch(pattern.c_str() + slash + 1, std::string(name).c_str(), 0) == 0)
      hooks.push_back({fmt::format("{}/{}", prefix, name), type, prototype});
  };
  if (type == nullptr) return hooks;
  if (prefix == "ksyscall" || prefix == "kretsyscall")
    for (const tables::Syscall &syscall : tables::syscalls())
      if (syscall.number() >= 0) take(syscall.tracepoint, 0);
  constexpr std::string_view kLsm = "bpf_lsm_";
  if (types && (prefix == "lsm" || prefix == "lsm.s" || prefix == "lsm_cgroup"))
    types->each_function([&](std::string_view name, uint32_t prototype) {
      if (name.starts_with(kLsm)) take(name.substr(kLsm.size()), prototype);
    });
  return hooks;
}

std::vector<ListedHook> all_hooks(const KernelsWords &kernel, bool with_arguments) {
  std::vector<ListedHook> hooks;
  for (const tables::ProgramType &type : tables::kProgramTypes)
    if (type.hook != tables::HookKind::Tracepoint) hooks.push_back({std::string(type.section), &type});
  const tables::ProgramType *tracepoint = tables::find_program_type("tracepoint/syscalls/sys_enter_kill");
  add_syscalls(hooks, tracepoint);
  if (kernel.tracefs) add_tracefs(hooks, *kernel.tracefs, tracepoint);
  if (kernel.types) add_raw_tracepoints(hooks, *kernel.types, with_arguments);
  return hooks;
}

// The arguments of a function or a raw tracepoint, as far as a program has them.
std::string describe_arguments(const ListedHook &hook, const object::BtfScan &types) {
  std::vector<std::string> arguments = types.parameters(hook.prototype);
  const bool is_raw = hook.section.starts_with("raw_tp"), is_tracepoint = is_raw || hook.section.starts_with("tp_btf");
  if (is_tracepoint && !arguments.empty()) arguments.erase(arguments.begin());  // the kernel's own
  std::string text;
  for (size_t i = 0; i < arguments.size(); i++)
    text += is_raw ? fmt::format("    args[{}]: {}\n", i, arguments[i]) : fmt::format("    {}\n", arguments[i]);
  if (hook.section.starts_with("fexit") || hook.section.starts_with("fmod_ret") ||
      hook.section.starts_with("kretprobe"))
    text += fmt::format("    returns {}\n", types.result(hook.prototype));
  return text;
}

// The fields behind ctx, a line each.
std::string describe(const ListedHook &hook, const KernelsWords &kernel) {
  std::string text;
  if (hook.prototype != 0) return describe_arguments(hook, *kernel.types);
  if (hook.type->hook == tables::HookKind::Tracepoint) {
    const auto tracepoint = hooks::find_tracepoint(hook.section);
    if (!tracepoint) {
      const auto fields = kernel.tracefs->fields(hooks::tracepoint_name(hook.section));
      for (size_t i = 0; fields && i < fields->size(); i++) text += fmt::format("    {}\n", (*fields)[i]);
      return text;
    }
    for (const hooks::TracepointField &field : tracepoint->fields())
      text += fmt::format("    {}{}{}\n", field.type, field.type.ends_with('*') ? "" : " ", field.name);
    return text;
  }
  const std::string_view context = tables::kContexts[static_cast<size_t>(hook.type->ctx)].type;
  if (context != "void") text = fmt::format("    struct {} *ctx\n", context);
  return text;
}

// A pattern names a whole hook, or what is behind one of its slashes: `sys_enter_open*`, `syscalls/*`.
bool matches(const std::string &pattern, const std::string &section) {
  if (::fnmatch(pattern.c_str(), section.c_str(), 0) == 0) return true;
  for (size_t slash = section.find('/'); slash != std::string::npos; slash = section.find('/', slash + 1))
    if (::fnmatch(pattern.c_str(), section.c_str() + slash + 1, 0) == 0) return true;
  return false;
}

// The kernel's hooks by patterns; with [verbose] and what ctx has.
class KernelsHooks {
 public:
  explicit KernelsHooks(bool verbose) : verbose_(verbose), hooks_(all_hooks(kernel_, verbose)) {}

  // A line for each that matches, or the nearest where none does.
  Result<std::string> list(const std::string &pattern) const {
    std::string text;
    for (const ListedHook &hook : hooks_)
      if (matches(pattern, hook.section)) text += shown(hook);
    if (kernel_.types)
      for (const ListedHook &hook : functions_like(pattern, *kernel_.types)) text += shown(hook);
    for (const ListedHook &hook : named_like(pattern, kernel_.types)) text += shown(hook);
    if (!text.empty()) return text;
    return std::unexpected(
        Error{Error::Kind::Environment, fmt::format("no hook matches `{}`", pattern), hint(pattern), 0});
  }

 private:
  // The nearest, or a pattern that has what was written as its part.
  std::string hint(const std::string &pattern) const {
    if (const std::string found = nearest(pattern); !found.empty()) return fmt::format("the nearest is `{}`", found);
    constexpr size_t kTellsSomething = 3;
    const std::string part = pattern.substr(pattern.rfind('/') + 1);
    const auto has = [&](const ListedHook &hook) { return hook.section.contains(part); };
    if (part.size() >= kTellsSomething && part.find_first_of("*?[") == std::string::npos &&
        std::ranges::any_of(hooks_, has))
      return fmt::format("`spile list '*{}*'` lists those that have it in their name", part);
    return "`spile list` lists all";
  }
  // Of the same kind where the pattern says one, and says it rightly or almost so. Empty: none may be meant.
  std::string nearest(std::string_view pattern) const {
    const size_t slash = pattern.find('/');
    if (slash == std::string_view::npos) return nearest_of_all(pattern);
    const std::string kind = kind_like(pattern.substr(0, slash));
    const std::string_view rest = pattern.substr(slash + 1);
    if (is_of_functions(kind) && kernel_.types) {
      const std::string function = nearest_function(rest).name();
      return function.empty() ? function : fmt::format("{}/{}", kind, function);
    }
    tables::Nearest same(rest);
    for (const ListedHook &hook : named_like(kind + "/*", kernel_.types))
      same.take(std::string_view(hook.section).substr(kind.size() + 1));
    for (const ListedHook &hook : hooks_)
      if (hook.section.starts_with(kind) && hook.section.substr(kind.size()).starts_with('/'))
        same.take(std::string_view(hook.section).substr(kind.size() + 1));
    return same.name().empty() ? nearest_of_all(rest) : fmt::format("{}/{}", kind, same.name());
  }
  std::string kind_like(std::string_view word) const {
    tables::Nearest kind(word);
    for (const ListedHook &hook : hooks_) kind.take(std::string_view(hook.section).substr(0, hook.section.find('/')));
    return kind.name();
  }
  tables::Nearest nearest_function(std::string_view wanted) const {
    tables::Nearest nearest(wanted);
    kernel_.types->each_function([&](std::string_view name, uint32_t) { nearest.take(name); });
    return nearest;
  }
  std::string nearest_of_all(std::string_view wanted) const {
    tables::Nearest last(wanted);
    const ListedHook *hook = nullptr;
    for (const ListedHook &one : hooks_)
      if (last.take(std::string_view(one.section).substr(one.section.rfind('/') + 1))) hook = &one;
    if (kernel_.types)
      if (const tables::Nearest function = nearest_function(wanted); function.distance() < last.distance())
        return "fentry/" + function.name();
    return hook == nullptr ? std::string() : hook->section;
  }

  std::string shown(const ListedHook &hook) const {
    return hook.section + '\n' + (verbose_ ? describe(hook, kernel_) : "");
  }

  const KernelsWords kernel_;
  const bool verbose_;
  const std::vector<ListedHook> hooks_;
};

}  // namespace

int command_list(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile list [PATTERN...] [-v]";
  line.about =
      "Lists the hooks that a probe can name in SEC() or in front of a body: those of system calls, the others of the\n"
      "kernel's tracepoints where tracefs can be read, those that its BTF names, and the kinds of programs. PATTERN,\n"
      "with * and ?, is for the whole name or what is behind a slash of it. Behind fentry/, fexit/, fmod_ret/, kprobe/ "
      "and "
      "kretprobe/\n"
      "it is for functions that BTF names; the kernel may have reasons to refuse some. Behind ksyscall/ it is for "
      "system\n"
      "calls, behind lsm/ for decisions of security. -v: what ctx has, or the\n"
      "arguments. uprobe:FILE:PATTERN lists functions of a program or library, usdt:FILE the probes that it declares\n"
      "itself.";
  line.footer = "  spile list 'sys_enter_open*' -v\n  spile list 'fentry/tcp_*' -v\n  spile list 'uprobe:libc:mem*'";
  line.add_common();
  line.hidden.add_options()("pattern", po::value<std::vector<std::string>>());
  line.positional.add("pattern", -1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  const auto patterns =
      values->contains("pattern") ? (*values)["pattern"].as<std::vector<std::string>>() : std::vector<std::string>{"*"};

  std::optional<KernelsHooks> kernels;  // read for the first pattern that is about it
  std::string text;
  for (std::string pattern : patterns) {
    // As bpftrace and perf write it, but for `uprobe:FILE:PATTERN`.
    if (pattern.find(':') != std::string::npos && !is_about_binary(pattern))
      if (std::string here = hook_spelled_here(pattern); !here.empty()) pattern = std::move(here);
    const bool is_of_binary = is_about_binary(pattern);
    if (!is_of_binary && !kernels) kernels.emplace(console.verbosity > 0);
    const auto listed = is_of_binary ? list_binary(pattern, console.verbosity > 0) : kernels->list(pattern);
    if (listed)
      text += *listed;
    else
      code = console.fail(listed.error());
  }
  console.print(text);
  return code;
}

}  // namespace spile::driver
