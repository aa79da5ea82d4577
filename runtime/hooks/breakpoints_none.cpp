// In place of breakpoints.cpp on machines for which nobody has written how an instruction runs elsewhere.
#include "runtime/hooks/breakpoints.h"
#include "support/check.h"

namespace spile::hooks {

Result<std::unique_ptr<Breakpoints>> Breakpoints::make(std::vector<UserProbe>, Sink, Ended) {
  auto error = unsupported_error("functions of a command cannot be probed on this machine: only on x86-64");
  error.error().hint = "--on=kernel, as root";
  return error;
}
Breakpoints::~Breakpoints() = default;

// None is ever made.
void Breakpoints::program_changed(pid_t) { SPILE_UNREACHABLE("no breakpoints here"); }
void Breakpoints::watch_loader(pid_t) { SPILE_UNREACHABLE("no breakpoints here"); }
void Breakpoints::inherited(pid_t, pid_t, bool) { SPILE_UNREACHABLE("no breakpoints here"); }
void Breakpoints::orphaned(pid_t) { SPILE_UNREACHABLE("no breakpoints here"); }
void Breakpoints::gone(pid_t) { SPILE_UNREACHABLE("no breakpoints here"); }
bool Breakpoints::mapping(pid_t, uint64_t, uint64_t, uint64_t, int, uint64_t) {
  SPILE_UNREACHABLE("no breakpoints here");
}
void Breakpoints::mapped(pid_t, int64_t) { SPILE_UNREACHABLE("no breakpoints here"); }
bool Breakpoints::trapped(pid_t) { SPILE_UNREACHABLE("no breakpoints here"); }
void Breakpoints::interrupted(pid_t, int) { SPILE_UNREACHABLE("no breakpoints here"); }
void Breakpoints::remove(pid_t) { SPILE_UNREACHABLE("no breakpoints here"); }

}  // namespace spile::hooks
