// ChildTracer on a process that runs already: its threads are seized, and let go at the end.
#include <dirent.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <iterator>
#include <memory>
#include <string_view>

#include "runtime/hooks/child.h"

namespace spile::hooks {

namespace {

constexpr uint64_t kPtraceOptions =
    PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;

std::vector<pid_t> threads_of(pid_t pid) {
  std::vector<pid_t> tids;
  const std::unique_ptr<DIR, int (*)(DIR *)> folder(::opendir(fmt::format("/proc/{}/task", pid).c_str()), ::closedir);
  for (const dirent *entry; folder != nullptr && (entry = ::readdir(folder.get())) != nullptr;) {
    const std::string_view name = entry->d_name;
    pid_t tid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), tid).ec == std::errc()) tids.push_back(tid);
  }
  return tids;
}

bool has_trap_waiting(pid_t tid) {
  constexpr int32_t kAtOnce = 16;
  std::array<siginfo_t, kAtOnce> waiting;
  __ptrace_peeksiginfo_args range{0, 0, kAtOnce};
  for (long got; (got = ::ptrace(PTRACE_PEEKSIGINFO, tid, &range, waiting.data())) > 0;
       range.off += static_cast<uint64_t>(got))
    for (long i = 0; i < got; i++)
      if (waiting[static_cast<size_t>(i)].si_signo == SIGTRAP && waiting[static_cast<size_t>(i)].si_code == SI_KERNEL)
        return true;
  return false;
}

std::string hint_for(int error) {
  std::array<char, 8> scope;
  if (error != EPERM) return {};
  const std::string_view said = read_proc(::getpid(), "../sys/kernel/yama/ptrace_scope", scope);
  if (!said.empty() && said[0] != '0')
    return fmt::format("/proc/sys/kernel/yama/ptrace_scope is {}: only root may, or run the command with -c", said[0]);
  return "it is another user's, traced already, or protected: run the command with -c, or be root";
}

}  // namespace

// Until no thread is left that has not been seized: those that run may start others.
Result<void> ChildTracer::seize(pid_t pid) {
  for (bool is_new = true; is_new;) {
    is_new = false;
    for (const pid_t tid : threads_of(pid)) {
      if (tasks_.contains(tid)) continue;
      if (::ptrace(PTRACE_SEIZE, tid, nullptr, kPtraceOptions) != 0) {
        const int error = errno;
        // Started by a thread that is traced: so is it.
        if (!tasks_.empty() && (error == ESRCH || error == EPERM)) continue;
        auto refused = os_error(error, fmt::format("process {} cannot be traced", pid));
        refused.error().hint = hint_for(error);
        return refused;
      }
      adopt(tid);
      is_new = true;
    }
  }
  return {};
}

Result<void> ChildTracer::attach(pid_t pid) {
  if (threads_of(pid).empty())
    return std::unexpected(Error{Error::Kind::Environment, fmt::format("there is no process {}", pid), {}, ESRCH});
  if (runs_32_bit_program(pid))
    return unsupported_error("process {} runs a 32-bit program: only 64-bit ones can be traced", pid);
  if (auto made = make_breakpoints(); !made) return made;
  is_attached_ = program_runs_ = true;
  main_pid_ = pid;
  if (auto seized = seize(pid); !seized) {
    detach();
    return seized;
  }
  if (!options_.sample_periods.empty()) sampler_ = std::make_unique<Sampler>(options_.sample_periods);
  for (const Tracepoint &wanted : wanted_) stops_at_syscalls_ |= wanted.format == nullptr;

  // All stand still while the breakpoints are set.
  std::vector<std::pair<pid_t, int>> held;
  std::vector<pid_t> tids;
  tids.reserve(tasks_.size());
  for (const auto &[tid, task] : tasks_) tids.push_back(tid);
  for (const pid_t tid : tids)
    if (int signal = 0; hold(tid, signal)) held.emplace_back(tid, signal);
  if (held.empty())
    return std::unexpected(Error{Error::Kind::Environment, fmt::format("process {} has ended", pid), {}, 0});
  if (breakpoints_) {
    breakpoints_->program_changed(held[0].first);
    if (!stops_at_syscalls_) breakpoints_->watch_loader(held[0].first);
    for (size_t i = 1; i < held.size(); i++) breakpoints_->inherited(held[0].first, held[i].first, true);
  }
  for (const auto &[tid, signal] : held) resume(tasks_[tid], signal);
  return {};
}

// Stops the thread; what it has stopped for is dealt with. [signal]: what it is to get when it goes on. False: it
// ended.
bool ChildTracer::hold(pid_t tid, int &signal) {
  signal = 0;
  ::ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr);
  for (;;) {
    int status = 0;
    const auto waiting = std::ranges::find(stops_, tid, &Stop::tid);
    if (waiting != stops_.end()) {
      status = waiting->status;
      stops_.erase(waiting);
    } else if (::waitpid(tid, &status, __WALL) < 0) {
      if (errno == EINTR) continue;
      handle_gone(tid, 0);
      return false;
    }
    if (!WIFSTOPPED(status)) {
      handle_gone(tid, status);
      return false;
    }
    const int stopped_by = WSTOPSIG(status), event = status >> 16;
    if (event != 0 && event != PTRACE_EVENT_STOP) {  // a fork, a program: it goes on, and is stopped again
      handle({tid, status});
      continue;
    }
    // A breakpoint has been hit, and the stop for it comes behind this one.
    if (event == PTRACE_EVENT_STOP && breakpoints_ && has_trap_waiting(tid)) {
      ::ptrace(PTRACE_CONT, tid, nullptr, nullptr);
      continue;
    }
    if (event == 0 && stopped_by == SIGTRAP && breakpoints_ && breakpoints_->trapped(tid)) return true;
    if (event == 0 && stopped_by != (SIGTRAP | 0x80)) {
      if (breakpoints_) breakpoints_->interrupted(tid, stopped_by);
      signal = stopped_by;
    }
    return true;
  }
}

void ChildTracer::detach() {
  if (breakpoints_) std::ranges::move(breakpoints_->take_notices(), std::back_inserter(notices_));
  // Threads that start while others are stopped are found in the next round.
  std::unordered_map<pid_t, int> held;
  for (bool is_new = true; is_new;) {
    is_new = false;
    std::vector<pid_t> tids;
    tids.reserve(tasks_.size() + births_.size());
    for (const auto &[tid, task] : tasks_) tids.push_back(tid);
    for (const auto &[tid, birth] : births_) tids.push_back(tid);
    for (const pid_t tid : tids) {
      // Those that are not reported yet stand still already, and have no stop to wait for.
      if (held.contains(tid) || unreported_.contains(tid)) continue;
      if (int signal = 0; hold(tid, signal)) {
        held[tid] = signal;
        is_new = true;
      }
    }
    if (is_new || unreported_.empty()) continue;
    let_orphans_go();
    is_new = true;
  }
  if (breakpoints_)
    for (const auto &[tid, signal] : held) breakpoints_->remove(tid);
  for (const auto &[tid, signal] : held) ::ptrace(PTRACE_DETACH, tid, nullptr, static_cast<long>(signal));
  tasks_.clear();
  births_.clear();
  unreported_.clear();
  stops_.clear();
}

}  // namespace spile::hooks
