#include "runtime/session/attach.h"

#include "runtime/hooks/child.h"
#include "runtime/hooks/timer.h"

namespace spile::session {

// "syscalls/sys_enter_openat" and its like.
static Result<Hook> resolve_tracepoint(std::string_view section, std::string_view name) {
  Hook hook;
  std::string_view call;
  if (name.starts_with("syscalls/sys_enter_")) {
    hook.kind = Hook::SyscallEnter;
    call = name.substr(19);
  } else if (name.starts_with("syscalls/sys_exit_")) {
    hook.kind = Hook::SyscallExit;
    call = name.substr(18);
  } else if (name == "raw_syscalls/sys_enter" || name == "raw_syscalls/sys_exit") {
    hook.kind = name.ends_with("enter") ? Hook::SyscallEnter : Hook::SyscallExit;
    hook.every_syscall = true;
    return hook;
  } else {
    return std::unexpected(
        Error{Error::Kind::Environment,
              fmt::format("SEC(\"{}\"): this tracepoint cannot be had from a child's system calls", section),
              "without the kernel there are syscalls/sys_enter_*, syscalls/sys_exit_* and raw_syscalls/*", 0});
  }
  const hooks::Syscall *found = hooks::find_syscall(call);
  if (found == nullptr) {
    Error error{
        Error::Kind::Environment, fmt::format("SEC(\"{}\"): there is no system call `{}`", section, call), {}, 0};
    for (std::string_view near : hooks::nearest_syscalls(call))
      error.hint += fmt::format("{}`{}`", error.hint.empty() ? "the nearest are " : ", ", near);
    return std::unexpected(std::move(error));
  }
  hook.syscall = found->number;
  return hook;
}

Result<Hook> resolve_hook(const tables::ProgramType &type, std::string_view section) {
  std::string_view rest = section;
  if (rest.starts_with('?')) rest.remove_prefix(1);
  rest.remove_prefix(type.section.size());
  if (rest.starts_with('/')) rest.remove_prefix(1);
  Hook hook;
  switch (type.hook) {
    case tables::HookKind::Tracepoint:
      return resolve_tracepoint(section, rest);
    case tables::HookKind::Packet:
      hook.kind = Hook::Packet;
      return hook;
    case tables::HookKind::Begin:
      hook.kind = Hook::Begin;
      return hook;
    case tables::HookKind::End:
      hook.kind = Hook::End;
      return hook;
    case tables::HookKind::Interval: {
      auto period = hooks::parse_interval(rest);
      if (!period) {
        period.error().message = fmt::format("SEC(\"{}\"): {}", section, period.error().message);
        return std::unexpected(period.error());
      }
      hook.kind = Hook::Interval;
      hook.period = *period;
      return hook;
    }
  }
  return hook;
}

}  // namespace spile::session
