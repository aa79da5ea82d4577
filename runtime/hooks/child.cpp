#include "runtime/hooks/child.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string_view>
#include <utility>

#include "runtime/hooks/code_events.h"
#include "runtime/hooks/syscall_waits.h"

namespace spile::hooks {

namespace {

constexpr uint64_t kPtraceOptions = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP |
                                    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
// Numbers above this belong to no system call of the architectures that are known here.
constexpr uint32_t kMaxSyscall = 1024;
// For tasks that end together with the command, or that it has killed: they are still on their way out.
constexpr std::chrono::milliseconds kSettling{100};
// Between SIGTERM and SIGKILL for what the command left behind.
constexpr std::chrono::milliseconds kGrace{300};
// From a task's first stop to its parent's report of it, at most; a parent that waits for a processor may be as late.
constexpr std::chrono::seconds kBirth{1};

// These change what events say about the task.
constexpr uint32_t kIdentityCalls[] = {SYS_setuid,   SYS_setgid,    SYS_setreuid,
                                       SYS_setregid, SYS_setresuid, SYS_setresgid};

// A PTRACE_EVENT_…: its message is the new task.
bool is_birth(int event) {
  return event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE;
}

bool is_identity_call(uint32_t number) { return std::ranges::find(kIdentityCalls, number) != std::end(kIdentityCalls); }

uint64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

bool may_listen() {
  const char *const said = std::getenv("SPILE_LISTENER");
  return said == nullptr || std::string_view(said) != "0";
}

template <class T>
void store(std::byte *to, T value) {
  std::memcpy(to, &value, sizeof value);
}

}  // namespace

ChildTracer::ChildTracer(std::vector<Tracepoint> wanted, Sink sink, ChildOptions options)
    : wanted_(std::move(wanted)),
      sink_(std::move(sink)),
      options_(std::move(options)),
      enter_hooks_(kMaxSyscall),
      exit_hooks_(kMaxSyscall),
      context_(tracepoint_context()) {
  for (uint32_t hook = 0; hook < wanted_.size(); hook++) {
    const Tracepoint &tracepoint = wanted_[hook];
    switch (tracepoint.kind) {
      case Tracepoint::Kind::SyscallEnter:
        enter_hooks_[static_cast<uint32_t>(tracepoint.syscall->number())].push_back(hook);
        break;
      case Tracepoint::Kind::SyscallExit:
        exit_hooks_[static_cast<uint32_t>(tracepoint.syscall->number())].push_back(hook);
        break;
      case Tracepoint::Kind::AnySyscallEnter:
        any_enter_.push_back(hook);
        break;
      case Tracepoint::Kind::AnySyscallExit:
        any_exit_.push_back(hook);
        break;
      case Tracepoint::Kind::Recorded:
      case Tracepoint::Kind::Hit:
      case Tracepoint::Kind::Sample:
        break;  // no system call is one
    }
  }
}

ChildTracer::~ChildTracer() { finish(); }

// Whether nothing but its entry is wanted, and a signal that comes before that has been seen can be made good.
bool ChildTracer::may_be_reported(uint32_t number) const {
  return !wants_exit(number) && !is_identity_call(number) && number != SYS_prctl &&
         !(breakpoints_ && number == SYS_mmap) && waits_of(number) != SyscallWaits::ForOthers;
}

SyscallSelection ChildTracer::selection() const {
  SyscallSelection selection;
  selection.all = !any_enter_.empty() || !any_exit_.empty();
  selection.mapping_of_code = breakpoints_ != nullptr;
  for (uint32_t number = 0; number < kMaxSyscall; number++) {
    const bool is_wanted = !enter_hooks_[number].empty() || !exit_hooks_[number].empty();
    if ((is_wanted || selection.all) && may_be_reported(number))
      selection.reported.push_back(number);
    else if (is_wanted || is_identity_call(number))
      selection.numbers.push_back(number);
  }
  return selection;
}

bool ChildTracer::wants_exit(uint32_t number) const {
  return !any_exit_.empty() || (number < kMaxSyscall && !exit_hooks_[number].empty());
}

// ---------------------------------------------------------------- running

Result<void> ChildTracer::make_breakpoints() {
  if (options_.probes.empty()) return {};
  auto made = Breakpoints::make(
      options_.probes, [this](const Breakpoints::Hit &hit) { emit_hit(hit); },
      [this](pid_t tid, int status) { stops_.push_back({tid, status}); });
  if (!made) return std::unexpected(made.error());
  breakpoints_ = std::move(*made);
  return {};
}

Result<void> ChildTracer::start(const std::vector<std::string> &argv) {
  if (argv.empty()) return usage_error("the command to run is empty");
  Result<std::string> path = find_program(argv[0]);
  if (!path) return std::unexpected(path.error());
  if (auto made = make_breakpoints(); !made) return made;
  const SyscallSelection selected = selection();
  if (may_listen() && !selected.reported.empty()) listener_ = Listener::make();
  const std::vector<sock_filter> stopping = make_seccomp_filter(selected, false);
  const std::vector<sock_filter> reporting =
      listener_ ? make_seccomp_filter(selected, true) : std::vector<sock_filter>();
  Result<Launch> launch = Launch::fork_traced(*path, argv, {stopping, reporting}, kPtraceOptions);
  if (!launch) return std::unexpected(launch.error());
  launch_.emplace(std::move(*launch));
  main_pid_ = launch_->pid();
  adopt(main_pid_);
  launch_->go();
  if (listener_) {
    reported_ = selected.reported;
    if (auto taken = take_listener(); !taken) return taken;
  }

  while (!program_runs_ && !main_exited_)
    if (const std::optional<Stop> stop = next_stop()) handle(*stop);
  if (!program_runs_) return std::unexpected(launch_->failure(argv[0]));
  if (!options_.sample_periods.empty()) sampler_ = std::make_unique<Sampler>(options_.sample_periods);
  if (command_is_32_bit_) {
    ::kill(main_pid_, SIGKILL);
    finish();
    return unsupported_error("command `{}` is a 32-bit program: only 64-bit ones can be traced", argv[0]);
  }
  return {};
}

ChildTracer::Ended ChildTracer::run(const std::atomic<bool> &stop, Deadline deadline) {
  if (!main_exited_) {
    std::optional<Ticker> ticker;
    if (sampler_)
      ticker.emplace(sampler_->next(), std::min(Ticker::kTick, sampler_->shortest_period()));
    else
      ticker.emplace(deadline);
    while (!main_exited_) {
      if (sampler_ && Sampler::Clock::now() >= sampler_->next()) ask_for_samples();
      if (stop.load(std::memory_order_relaxed)) return Ended::Stopped;
      if (deadline && std::chrono::steady_clock::now() >= *deadline) return Ended::Deadline;
      if (!unreported_.empty()) let_old_orphans_go();
      if (const std::optional<Stop> next = next_stop()) handle(*next);
    }
  }
  end_leftovers();
  return Ended::Exited;
}

void ChildTracer::finish() { end_leftovers(); }

bool ChildTracer::has_tasks() const { return !tasks_.empty() || !births_.empty(); }

void ChildTracer::run_until(std::chrono::steady_clock::time_point time) {
  const Ticker ticker(time);
  while (has_tasks() && std::chrono::steady_clock::now() < time)
    if (const std::optional<Stop> stop = next_stop()) handle(*stop);
}

void ChildTracer::end_leftovers() {
  using std::chrono::steady_clock;
  if (is_attached_) return detach();
  if (main_exited_) run_until(steady_clock::now() + kSettling);
  const auto signal_all = [this](int signal) {
    for (const auto &[tid, task] : tasks_)
      if (task.tid == task.pid) ::kill(task.pid, signal);
  };
  for (const auto &[tid, task] : tasks_)
    if (task.tid == task.pid && task.pid != main_pid_)
      notices_.push_back(fmt::format("process {} ({}) was still running and was ended", task.pid, task.comm.data()));
  if (breakpoints_) std::ranges::move(breakpoints_->take_notices(), std::back_inserter(notices_));
  signal_all(SIGTERM);
  if (has_tasks()) run_until(steady_clock::now() + kGrace);
  while (has_tasks()) {  // again and again: a task may have been born meanwhile
    signal_all(SIGKILL);
    run_until(steady_clock::now() + kGrace);
  }
}

// ---------------------------------------------------------------- stops

void ChildTracer::handle(const Stop &stop) {
  if (WIFEXITED(stop.status) || WIFSIGNALED(stop.status)) return handle_gone(stop.tid, stop.status);
  if (!WIFSTOPPED(stop.status)) return;
  const int signal = WSTOPSIG(stop.status), event = stop.status >> 16;
  const auto known = tasks_.find(stop.tid);
  if (known == tasks_.end()) {
    Task &task = adopt(stop.tid);
    const auto birth = births_.find(stop.tid);
    if (birth == births_.end()) {
      unreported_.emplace(stop.tid, std::chrono::steady_clock::now());
    } else {
      leave_clone(task, birth->second.made_by);
      births_.erase(birth);
      resume(task);
    }
    return;
  }
  Task &task = known->second;
  if (sampler_ && (event != PTRACE_EVENT_STOP || signal != SIGTRAP)) sampler_->stopped_otherwise(stop.tid);
  switch (event) {
    case PTRACE_EVENT_SECCOMP:
      return handle_syscall_entry(task);
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
      return handle_new_task(task, event);
    case PTRACE_EVENT_EXEC:
      return handle_exec(task);
    default:
      break;
  }
  if (event == 0 && signal == (SIGTRAP | 0x80)) return handle_syscall_exit(task);
  handle_signal_stop(task, signal, event);
}

void ChildTracer::handle_signal_stop(Task &task, int signal, int event) {
  if (event == 0) {
    if (breakpoints_ && signal == SIGTRAP && breakpoints_->trapped(task.tid)) return resume(task);
    if (breakpoints_) breakpoints_->interrupted(task.tid, signal);
    if (listener_) restart_unseen_call(task);
    return resume(task, signal);  // about to be delivered: deliver it
  }
  if (sampler_ && event == PTRACE_EVENT_STOP && signal == SIGTRAP) emit_samples(task);
  if (event == PTRACE_EVENT_STOP && (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU))
    return stand_still(task);  // job control has stopped its whole process
  resume(task);
}

void ChildTracer::handle_syscall_entry(Task &task) {
  __ptrace_syscall_info info{};
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, task.tid, sizeof info, &info) <= 0) return resume(task);
  enter_syscall(task, static_cast<uint32_t>(info.seccomp.nr), std::to_array(info.seccomp.args));
  resume(task);
}

void ChildTracer::enter_syscall(Task &task, uint32_t number, const std::array<uint64_t, 6> &arguments) {
  // Before the program runs, the calls are those of our own code that prepares it; only execve() is the command's.
  if (program_runs_ || number == SYS_execve) {
    memory_.attach(task.tid);
    emit_entry(task, number, arguments);
  }
  if (listener_ && number == SYS_seccomp && arguments[0] == SECCOMP_SET_MODE_FILTER &&
      (arguments[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0)
    notices_.push_back(
        fmt::format("process {} ({}) asked for a seccomp listener and got EBUSY, as it is traced through "
                    "one: with SPILE_LISTENER=0 it gets its own",
                    task.pid, task.comm.data()));
  if (stops_at_syscalls_ || wants_exit(number) || is_identity_call(number) || number == SYS_prctl)
    task.in_syscall = number;
  if (breakpoints_ && number == SYS_mmap) {
    const auto &[address, length, protection, flags, fd, offset] = arguments;
    if (breakpoints_->mapping(task.tid, length, protection, flags, static_cast<int>(fd), offset))
      task.in_syscall = number;
  }
}

void ChildTracer::handle_syscall_exit(Task &task) {
  __ptrace_syscall_info info{};
  const bool known = ::ptrace(PTRACE_GET_SYSCALL_INFO, task.tid, sizeof info, &info) > 0;
  if (known && stops_at_syscalls_ && info.op == PTRACE_SYSCALL_INFO_ENTRY) {
    enter_syscall(task, static_cast<uint32_t>(info.entry.nr), std::to_array(info.entry.args));
    return resume(task);
  }
  if (known && task.in_syscall) {
    const uint32_t number = *task.in_syscall;
    if (is_identity_call(number)) task.refresh_identity();
    if (number == SYS_prctl) task.refresh_name();
    if (breakpoints_ && number == SYS_mmap) breakpoints_->mapped(task.tid, info.exit.rval);
    if (program_runs_ || number == SYS_execve) {
      memory_.attach(task.tid);
      emit_exit(task, number, info.exit.rval);
    }
  }
  task.in_syscall.reset();
  resume(task);
}

// The parent is inside fork(), vfork() or clone().
void ChildTracer::handle_new_task(Task &parent, int event) {
  unsigned long child = 0;
  if (::ptrace(PTRACE_GETEVENTMSG, parent.tid, nullptr, &child) == 0) {
    const pid_t tid = static_cast<pid_t>(child);
    if (breakpoints_) breakpoints_->inherited(parent.tid, tid, event == PTRACE_EVENT_CLONE);
    if (const auto born = tasks_.find(tid); born != tasks_.end()) {
      leave_clone(born->second, parent.in_syscall);
      if (unreported_.erase(tid) != 0) resume(born->second);  // else it was taken for an orphan
    } else {
      Birth &birth = births_[tid] = {parent, parent.in_syscall};
      birth.task.tid = tid;
      if (event != PTRACE_EVENT_CLONE) birth.task.pid = tid;  // a process; else most likely a thread
      birth.task.in_syscall.reset();
    }
  }
  resume(parent);
}

void ChildTracer::handle_exec(Task &task) {
  // A thread that executes a program becomes the leader of its process, under the leader's id; the others are gone.
  unsigned long former = 0;
  if (::ptrace(PTRACE_GETEVENTMSG, task.tid, nullptr, &former) == 0 && static_cast<pid_t>(former) != task.tid) {
    if (const auto thread = tasks_.find(static_cast<pid_t>(former)); thread != tasks_.end()) {
      task.in_syscall = thread->second.in_syscall;
      tasks_.erase(thread);
      if (breakpoints_) breakpoints_->gone(static_cast<pid_t>(former));
      if (options_.on_gone) options_.on_gone(static_cast<uint32_t>(former));
    }
  }
  task.refresh_name();
  task.refresh_identity();
  const bool is_command = task.tid == main_pid_ && !program_runs_;
  if (is_command) program_runs_ = true;
  if (breakpoints_) breakpoints_->program_changed(task.tid);
  // While it stands still: when it is on its way, it may be over before anybody looks.
  const bool is_32_bit = runs_32_bit_program(task.tid);
  if (is_command)
    command_is_32_bit_ = is_32_bit;
  else if (is_32_bit)
    notices_.push_back(fmt::format("process {} ({}) runs a 32-bit program: its system calls were not seen", task.pid,
                                   task.comm.data()));
  resume(task);
}

void ChildTracer::handle_gone(pid_t tid, int status) {
  if (const auto birth = births_.find(tid); birth != births_.end()) {
    leave_clone(birth->second.task, birth->second.made_by);  // killed before its first stop
    births_.erase(birth);
  }
  tasks_.erase(tid);
  unreported_.erase(tid);
  if (breakpoints_) breakpoints_->gone(tid);
  if (sampler_) sampler_->gone(tid);
  if (options_.on_gone) options_.on_gone(static_cast<uint32_t>(tid));
  if (tid == main_pid_) {
    main_exited_ = true;
    exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  let_orphans_go();
}

// A parent that was killed inside clone() does not report its child any more. What has stopped by now may.
void ChildTracer::let_orphans_go() {
  if (unreported_.empty()) return;
  collect(SIZE_MAX);
  auto orphans = unreported_;
  for (const Stop &stop : stops_) {
    unsigned long child = 0;
    if (is_birth(stop.status >> 16) && ::ptrace(PTRACE_GETEVENTMSG, stop.tid, nullptr, &child) == 0)
      orphans.erase(static_cast<pid_t>(child));
  }
  for (const auto &[orphan, since] : orphans) let_go(orphan);
}

// Whose end came before the child's first stop, long ago.
void ChildTracer::let_old_orphans_go() {
  const auto long_ago = std::chrono::steady_clock::now() - kBirth;
  auto waiting = unreported_;
  for (const auto &[orphan, since] : waiting)
    if (since < long_ago) let_go(orphan);
}

void ChildTracer::let_go(pid_t orphan) {
  unreported_.erase(orphan);
  if (breakpoints_) breakpoints_->orphaned(orphan);
  if (const auto born = tasks_.find(orphan); born != tasks_.end()) resume(born->second);
}

Task &ChildTracer::adopt(pid_t tid) {
  Task &task = tasks_[tid];
  task.tid = task.pid = tid;
  task.refresh_name();
  task.refresh_identity();
  return task;
}

// A new task leaves the system call that made it with result 0, as the kernel's sys_exit tracepoint has it.
void ChildTracer::leave_clone(const Task &task, std::optional<uint32_t> made_by) {
  if (!made_by || !wants_exit(*made_by)) return;
  memory_.attach(task.tid);
  emit_exit(task, *made_by, 0);
}

// Fails with ESRCH when the task has been killed meanwhile; its end is reported by itself.
void ChildTracer::resume(const Task &task, int signal) {
  ::ptrace(stops_at_syscalls_ || task.in_syscall ? PTRACE_SYSCALL : PTRACE_CONT, task.tid, nullptr,
           static_cast<long>(signal));
}

void ChildTracer::stand_still(const Task &task) { ::ptrace(PTRACE_LISTEN, task.tid, nullptr, nullptr); }

// ---------------------------------------------------------------- events

void ChildTracer::emit_entry(const Task &task, uint32_t number, const Payload &arguments) {
  if (number < kMaxSyscall) emit(task, enter_hooks_[number], number, false, arguments);
  emit(task, any_enter_, number, true, arguments);
}

void ChildTracer::emit_exit(const Task &task, uint32_t number, int64_t result) {
  const Payload payload{static_cast<uint64_t>(result)};
  if (number < kMaxSyscall) emit(task, exit_hooks_[number], number, false, payload);
  emit(task, any_exit_, number, true, payload);
}

// Who an event is of.
void ChildTracer::describe(const Task &task) {
  event_.time_ns = monotonic_ns();
  event_.cpu = options_.want_cpu ? last_cpu(task.tid) : 0;
  event_.pid = static_cast<uint32_t>(task.pid);
  event_.tid = static_cast<uint32_t>(task.tid);
  event_.uid = task.uid;
  event_.gid = task.gid;
  event_.comm = task.comm;
  event_.memory = &memory_;
}

// [any]: the raw tracepoints, whose number is a long. Bytes 0..7 are the common fields, which no program may read.
void ChildTracer::emit(const Task &task, std::span<const uint32_t> hooks, uint32_t number, bool any,
                       const Payload &payload) {
  if (hooks.empty()) return;
  std::byte *const record = context_.get();
  store(record + 8, any ? static_cast<uint64_t>(static_cast<int32_t>(number)) : uint64_t{number});
  describe(task);
  for (const uint32_t hook : hooks) {
    const uint32_t size = wanted_[hook].context_size;
    std::memset(record + 16, 0, sizeof payload);
    std::memcpy(record + 16, payload.data(), size - 16);
    event_.ctx = {record, size};
    event_count_++;
    sink_(hook, event_);
  }
}

// The context is struct pt_regs, which the registers that ptrace shows begin with.
void ChildTracer::emit_hit(const Breakpoints::Hit &hit) {
  const auto task = tasks_.find(hit.tid);
  if (task == tasks_.end()) return;
  memory_.attach(hit.tid);
  // What happens at one stop happens at one time.
  const uint64_t time_ns = event_.time_ns;
  describe(task->second);
  if (std::exchange(hit_stop_, hit.stop) == hit.stop) event_.time_ns = time_ns;
  vm::Event event = event_;
  std::memcpy(context_.get(), hit.regs, kHitContextSize);
  event.ctx = {context_.get(), kHitContextSize};
  const UserPlace &place = options_.probes[hit.probe].places[hit.place];
  event.function = hit.function;
  event.cookie = place.cookie;
  event.place = place.name;
  event.arguments = place.arguments;
  if (options_.want_stack) event.user_stack = stack_.walk(*hit.regs, hit.is_at_entry, memory_);
  event_count_++;
  sink_(wanted_.size() + hit.probe, event);
}

void ChildTracer::ask_for_samples() {
  for (const auto &[tid, task] : tasks_)
    if (sampler_->is_due(tid)) ::ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr);
  sampler_->advance();
}

// The context is struct bpf_perf_event_data: registers, period, address.
void ChildTracer::emit_samples(const Task &task) {
  const std::vector<uint32_t> due = sampler_->take(task.tid);
  user_regs_struct regs;
  if (due.empty() || ::ptrace(PTRACE_GETREGS, task.tid, nullptr, &regs) != 0) return;
  memory_.attach(task.tid);
  describe(task);
  vm::Event event = event_;
  if (options_.want_stack) event.user_stack = stack_.walk(regs, false, memory_);
  event.ctx = {context_.get(), kHitContextSize + 2 * sizeof(uint64_t)};
  for (const uint32_t i : due) {
    std::memcpy(context_.get(), &regs, kHitContextSize);
    store(context_.get() + kHitContextSize, static_cast<uint64_t>(options_.sample_periods[i].count()));
    store(context_.get() + kHitContextSize + sizeof(uint64_t), uint64_t{0});
    event_count_++;
    sink_(wanted_.size() + options_.probes.size() + i, event);
  }
}

}  // namespace spile::hooks
