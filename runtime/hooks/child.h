// ChildTracer: runs a command and reports its system calls, without privileges.
//
//   command ──seccomp: RET_TRACE for the wanted system calls──► ptrace stop ──► Event ──► sink
//                   └─ RET_USER_NOTIF, where their entry alone is wanted ─► listener ─┘
//
// Forks, vforks, clones, threads and execs are followed. Events come one at a time, in the order of their stops; the
// sink runs while the task that caused the event stands still, so the memory it reads is that of the moment. What a
// program sees is what the kernel's tracepoint would show it: the record's layout, sys_exit of a clone in the new task
// too, and no sys_exit for a task that is killed inside a system call.
//
// With SPILE_LISTENER=0 in the environment there is no listener: for finding faults, and for commands that install one
// of their own.
//
// A task cannot be let go: its seccomp filter stays, and without a tracer the system calls that it stops at fail with
// ENOSYS. So when the command itself has ended (and 0.1 s have passed), or finish() is called, the tasks that are left
// are ended (SIGTERM, after a grace SIGKILL), and notices() names them.
//
// All calls must come from one thread: ptrace is bound to it. Linux 5.3 or later.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/hooks/breakpoints.h"
#include "runtime/hooks/launch.h"
#include "runtime/hooks/listener.h"
#include "runtime/hooks/sampler.h"
#include "runtime/hooks/seccomp_filter.h"
#include "runtime/hooks/spin.h"
#include "runtime/hooks/task.h"
#include "runtime/hooks/ticker.h"
#include "runtime/hooks/tracepoint.h"
#include "runtime/hooks/user_stack.h"
#include "runtime/vm/event.h"
#include "support/result.h"

namespace spile::hooks {

struct ChildOptions {
  bool want_cpu = false;    // fill Event::cpu, at a few µs per event
  bool want_stack = false;  // fill Event::user_stack of probes, by frame pointers
  // Places in the command's code. For the sink they come behind the tracepoints: the first has the index wanted.size().
  std::vector<UserProbe> probes;
  // Samples of what the command's threads do, by these periods of their processor time. They come behind the probes.
  std::vector<std::chrono::nanoseconds> sample_periods;
  // Told of each thread that has ended, behind its events: its number may be another's from then on. May be empty.
  std::function<void(uint32_t tid)> on_gone = {};
};

class ChildTracer {
 public:
  // Called for each event and each wanted tracepoint it belongs to; [hook] is its index. Event::ctx is its record; it
  // lies in a tracepoint_context(), with zeros behind it.
  using Sink = std::function<void(size_t hook, const vm::Event &event)>;

  ChildTracer(std::vector<Tracepoint> wanted, Sink sink, ChildOptions options = {});
  // Ends what still runs.
  ~ChildTracer();
  ChildTracer(const ChildTracer &) = delete;
  ChildTracer &operator=(const ChildTracer &) = delete;

  // Runs the command up to the first instruction of its program. exit_status_of(error) is what to exit with when it
  // cannot be run: 127 not found, 126 not executable, 125 otherwise.
  Result<void> start(const std::vector<std::string> &argv);

  // Traces the threads of a process that runs already, and what they start, in place of start(). It goes on when the
  // trace ends. Its system calls stop it at each entry and exit when tracepoints are wanted: there is no filter in it.
  // Environment error: there is none, it may not be traced; Unsupported: it runs a 32-bit program.
  Result<void> attach(pid_t pid);

  enum class Ended { Exited, Deadline, Stopped };
  // Goes on until the command has exited, [deadline] has passed, or [stop] is set (noticed within 20 ms, at once when a
  // signal without SA_RESTART sets it). May be called again after Deadline and Stopped.
  Ended run(const std::atomic<bool> &stop, Deadline deadline = std::nullopt);

  // Ends the command and all that it left behind; events go on until then. run() has done it when it returns Exited. A
  // process that was attached to is let go.
  void finish();

  pid_t pid() const { return main_pid_; }
  // Of the command, once it has ended: its exit status, or 128 + the signal that killed it.
  int exit_status() const { return exit_status_; }
  uint64_t event_count() const { return event_count_; }
  // Sentences for the user about what was not seen or had to be ended.
  const std::vector<std::string> &notices() const { return notices_; }

 private:
  struct Stop {
    pid_t tid;
    int status;
  };

  SyscallSelection selection() const;
  bool may_be_reported(uint32_t number) const;
  Result<void> take_listener();
  std::optional<Stop> next_stop();
  bool take_stop(int flags);
  bool spin();
  void wait_for_stop();
  void handle_call();
  void restart_unseen_call(const Task &task);
  void collect(size_t most);
  void handle(const Stop &stop);
  void handle_signal_stop(Task &task, int signal, int event);
  void handle_syscall_entry(Task &task);
  void enter_syscall(Task &task, uint32_t number, const std::array<uint64_t, 6> &arguments);
  Result<void> seize(pid_t pid);
  bool hold(pid_t tid, int &signal);
  void detach();
  void handle_syscall_exit(Task &task);
  void handle_new_task(Task &parent, int event);
  void handle_exec(Task &task);
  void handle_gone(pid_t tid, int status);
  Task &adopt(pid_t tid);
  void leave_clone(const Task &task, std::optional<uint32_t> made_by);
  void let_orphans_go();
  void let_old_orphans_go();
  void let_go(pid_t orphan);
  void resume(const Task &task, int signal = 0);
  void emit_hit(const Breakpoints::Hit &hit);
  void ask_for_samples();
  void emit_samples(const Task &task);
  void stand_still(const Task &task);
  void end_leftovers();
  bool has_tasks() const;
  // Handles stops until [time], or until no task is left.
  void run_until(std::chrono::steady_clock::time_point time);

  // What follows byte 16 of the record: the arguments, or the result and zeros.
  using Payload = std::array<uint64_t, 6>;
  Result<void> make_breakpoints();
  void describe(const Task &task);
  void emit(const Task &task, std::span<const uint32_t> hooks, uint32_t number, bool any, const Payload &payload);
  void emit_entry(const Task &task, uint32_t number, const Payload &arguments);
  void emit_exit(const Task &task, uint32_t number, int64_t result);
  bool wants_exit(uint32_t number) const;

  std::vector<Tracepoint> wanted_;
  Sink sink_;
  ChildOptions options_;
  std::vector<std::vector<uint32_t>> enter_hooks_, exit_hooks_;  // by system call number
  std::vector<uint32_t> any_enter_, any_exit_;

  std::optional<Launch> launch_;
  pid_t main_pid_ = 0;
  bool is_attached_ = false;        // to a process that is not ours
  bool stops_at_syscalls_ = false;  // of it, all
  bool program_runs_ = false;       // the command's execve() has succeeded
  bool command_is_32_bit_ = false;  // as it begins
  bool main_exited_ = false;
  int exit_status_ = 0;
  uint64_t event_count_ = 0;
  std::vector<std::string> notices_;

  std::unique_ptr<Listener> listener_;  // null: all stop by ptrace
  std::vector<uint32_t> reported_;      // to it; sorted
  uint32_t turns_ = 0;                  // stops and calls that were waited for with it
  Spin spin_;

  std::unordered_map<pid_t, Task> tasks_;
  std::deque<Stop> stops_;  // seen, not yet handled
  // A new task and its parent's report of it come in either order.
  struct Birth {
    Task task;  // as far as the parent tells
    std::optional<uint32_t> made_by;
  };
  std::unordered_map<pid_t, Birth> births_;  // reported, not yet seen
  // Stopped until they are reported, since when.
  std::unordered_map<pid_t, std::chrono::steady_clock::time_point> unreported_;

  std::unique_ptr<Breakpoints> breakpoints_;  // null without probes
  uint64_t hit_stop_ = 0;                     // whose time event_ has, of a hit
  std::unique_ptr<Sampler> sampler_;          // null without periods
  UserStack stack_;

  vm::Event event_;
  ProcessMemory memory_;
  std::unique_ptr<std::byte[]> context_;
};

}  // namespace spile::hooks
