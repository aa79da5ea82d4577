// spile list [PATTERN…]: the hooks that a probe can name, with -v their contexts.
#include <fnmatch.h>

#include <algorithm>

#include "driver/arguments.h"
#include "driver/commands.h"
#include "driver/list_functions.h"
#include "lang-spec/tables/tables.h"
#include "runtime/hooks/tracepoint.h"
#include "runtime/kernel/tracefs.h"

namespace spile::driver {

namespace {

struct ListedHook {
  std::string section;  // as in SEC()
  const tables::ProgramType *type = nullptr;
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

// [tracefs]: what root alone may read.
std::vector<ListedHook> all_hooks(const Result<kernel::Tracefs> &tracefs) {
  std::vector<ListedHook> hooks;
  for (const tables::ProgramType &type : tables::kProgramTypes)
    if (type.hook != tables::HookKind::Tracepoint) hooks.push_back({std::string(type.section), &type});
  const tables::ProgramType *tracepoint = tables::find_program_type("tracepoint/syscalls/sys_enter_kill");
  add_syscalls(hooks, tracepoint);
  if (tracefs) add_tracefs(hooks, *tracefs, tracepoint);
  return hooks;
}

// The fields behind ctx, a line each.
std::string describe(const ListedHook &hook, const Result<kernel::Tracefs> &tracefs) {
  std::string text;
  if (hook.type->hook == tables::HookKind::Tracepoint) {
    const auto tracepoint = hooks::find_tracepoint(hook.section);
    if (!tracepoint) {
      const auto fields = tracefs->fields(hooks::tracepoint_name(hook.section));
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

// A pattern names a whole hook, or its last part: `sys_enter_open*`.
bool matches(const std::string &pattern, const std::string &section) {
  if (::fnmatch(pattern.c_str(), section.c_str(), 0) == 0) return true;
  return ::fnmatch(pattern.c_str(), section.c_str() + (section.rfind('/') + 1), 0) == 0;
}

}  // namespace

int command_list(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile list [PATTERN...] [-v]";
  line.about =
      "Lists the hooks that a probe can name in SEC() or in front of a body: those of system calls, the others of the\n"
      "kernel's tracepoints where tracefs can be read, and the kinds of programs. PATTERN, with * and ?, is for the\n"
      "whole name or its last part. -v: what ctx has. uprobe:FILE:PATTERN lists functions of a program or library,\n"
      "usdt:FILE the probes that it declares itself.";
  line.footer = "  spile list 'sys_enter_open*' -v\n  spile list 'uprobe:libc:mem*'";
  line.add_common();
  line.hidden.add_options()("pattern", po::value<std::vector<std::string>>());
  line.positional.add("pattern", -1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  const auto patterns =
      values->contains("pattern") ? (*values)["pattern"].as<std::vector<std::string>>() : std::vector<std::string>{"*"};

  const auto tracefs = kernel::Tracefs::open();
  const std::vector<ListedHook> hooks = all_hooks(tracefs);
  std::string text;
  for (const std::string &pattern : patterns) {
    if (is_about_binary(pattern)) {
      const auto listed = list_binary(pattern, console.verbosity > 0);
      if (listed)
        text += *listed;
      else
        code = console.fail(listed.error());
      continue;
    }
    bool found = false;
    for (const ListedHook &hook : hooks) {
      if (!matches(pattern, hook.section)) continue;
      found = true;
      text += hook.section + '\n';
      if (console.verbosity > 0) text += describe(hook, tracefs);
    }
    if (found) continue;
    const auto nearest = std::ranges::min(hooks, {}, [&](const ListedHook &hook) {
      return tables::edit_distance(std::string_view(hook.section).substr(hook.section.rfind('/') + 1), pattern);
    });
    code = console.fail({Error::Kind::Environment, fmt::format("no hook matches `{}`", pattern),
                         fmt::format("the nearest is `{}`", nearest.section), 0});
  }
  console.print(text);
  return code;
}

}  // namespace spile::driver
