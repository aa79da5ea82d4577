// ChildTracer: the system calls of a command that we start, as events, by ptrace and seccomp. No root, no kernel BPF.
//
// The child runs under a seccomp filter that stops it only at the system calls that somebody listens to; others cost
// nothing. Forks, threads and execs are followed. Handlers run synchronously while the task is stopped, in one thread,
// so its memory can be read and the order of events is the order in which they happened.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/vm/event.h"
#include "support/result.h"

namespace spile::hooks {

// Which calls to stop at. Numbers are those of this machine's native ABI.
struct SyscallSelection {
  std::vector<uint32_t> enter, exit;
  bool every_enter = false, every_exit = false;  // raw_syscalls/sys_enter, sys_exit
};

enum class SyscallSide : uint8_t { Enter, Exit };

class ChildTracer {
 public:
  struct Callbacks {
    // A selected call begins or ends. [event]'s ctx has the kernel's layout of syscalls/sys_enter_* (common fields, nr at
    // 8, six arguments from 16) or sys_exit_* (nr at 8, ret at 16); raw_syscalls/sys_enter and sys_exit have the same.
    std::function<void(SyscallSide side, uint32_t number, const vm::Event &event)> on_syscall;
    // Called when [wakeup] below has passed, between events; returns the next one. Null: no timer.
    std::function<std::chrono::steady_clock::time_point()> on_wakeup;
    // Told in words what could not be traced (a 32-bit task, a task that vanished). Null: nobody listens.
    std::function<void(const std::string &)> on_trouble;
  };

  ChildTracer(SyscallSelection selection, Callbacks callbacks);
  ~ChildTracer();  // kills what is left of the child's process tree
  ChildTracer(const ChildTracer &) = delete;
  ChildTracer &operator=(const ChildTracer &) = delete;

  // Starts [argv] stopped before its first instruction. Error: os_error ENOENT (not found, in PATH or as a path), EACCES
  // (not executable), or what fork, ptrace or seccomp said.
  Result<void> start(const std::vector<std::string> &argv);
  uint32_t pid() const;

  // Runs until the child has ended, or [stop] becomes true (the child is then sent SIGTERM, and SIGKILL 1 s later; tasks
  // that outlive the command are detached and go on). Returns its status as a shell gives it: 0-255, 128 + signal.
  Result<int> run(const std::atomic<bool> &stop, std::chrono::steady_clock::time_point wakeup = std::chrono::steady_clock::time_point::max());

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Splits a command line as a POSIX shell splits words: quotes and backslashes, no expansions. Error: an open quote.
Result<std::vector<std::string>> split_words(std::string_view command);

// ---- names of system calls (lang-spec/tables/syscalls.def)

struct Syscall {
  uint32_t number = 0;
  std::string_view name;  // as in tracepoint names: "openat", "kill"
};
const Syscall *find_syscall(std::string_view name);
const Syscall *find_syscall(uint32_t number);
// The names nearest to [name], best first, at most three.
std::vector<std::string_view> nearest_syscalls(std::string_view name);

}  // namespace spile::hooks
