// What ChildTracer waits for: stops by ptrace, and calls that the listener of the command's seccomp filter has.
#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "runtime/hooks/child.h"
#include "runtime/hooks/syscall_waits.h"

namespace spile::hooks {

namespace {

// With many tasks, how many stops are collected before they are handled. waitpid() gives the oldest task first: a busy
// one would keep the others waiting.
constexpr size_t kMaxCollected = 64;
// After how many stops or calls both are looked for: where some tasks have no end of the one, the others would stand
// still in the other.
constexpr uint32_t kTurnsBetweenLooks = 64;

#if defined(__x86_64__)
// Whether [path], in the memory of the task, is a file or a folder (or nothing), which to open waits for nobody. One
// with a lease does: its open() begins again behind the handler.
bool opens_at_once(pid_t tid, ProcessMemory &memory, int folder, uint64_t path) {
  std::string name;
  for (std::byte byte; name.size() < PATH_MAX; name += static_cast<char>(byte)) {
    if (!memory.read(path + name.size(), {&byte, 1})) return false;
    if (byte == std::byte{0}) break;
  }
  const std::string from = name.starts_with('/') ? "root" : folder == AT_FDCWD ? "cwd" : fmt::format("fd/{}", folder);
  struct stat status;
  if (::stat(fmt::format("/proc/{}/{}/{}", tid, from, name).c_str(), &status) != 0) return errno == ENOENT;
  return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
}
#endif

}  // namespace

// The child has installed its filter, or ends.
Result<void> ChildTracer::take_listener() {
  while (!launch_->is_prepared() && !main_exited_) {
    if (take_stop(WNOHANG)) {  // a signal
      const Stop stop = stops_.front();
      stops_.pop_front();
      handle(stop);
    } else {
      ::sched_yield();
    }
  }
  if (main_exited_ || launch_->listener_in_child() < 0) {
    listener_.reset();
  } else if (!listener_->take(main_pid_, launch_->listener_in_child())) {
    auto refused = os_error(errno, "cannot take the listener of the command's seccomp filter");
    finish();
    return refused;
  }
  launch_->proceed();
  return {};
}

// One stop, waiting for it if need be; none when the wait was interrupted, a call has been reported in its place, or
// nothing is left to wait for.
std::optional<ChildTracer::Stop> ChildTracer::next_stop() {
  if (listener_ && ++turns_ % kTurnsBetweenLooks == 0) {
    if (listener_->has_call()) handle_call();
    collect(kMaxCollected);
  }
  if (stops_.empty() && !spin()) wait_for_stop();
  if (stops_.empty()) return std::nullopt;
  if (tasks_.size() > 1 && stops_.size() == 1) collect(kMaxCollected);
  const Stop first = stops_.front();
  stops_.pop_front();
  return first;
}

// Whether there is one, or was when [flags] let it wait.
bool ChildTracer::take_stop(int flags) {
  Stop stop{};
  stop.tid = ::waitpid(-1, &stop.status, __WALL | __WNOTHREAD | flags);
  if (stop.tid < 0 && errno == ECHILD) {  // nothing is left, though somebody else may have waited for it
    tasks_.clear();
    births_.clear();
    main_exited_ = true;
  }
  if (stop.tid <= 0) return false;
  stops_.push_back(stop);
  return true;
}

bool ChildTracer::spin() {
  if (!spin_.pays()) return false;
  const auto end = Spin::Clock::now() + Spin::kLongest;
  do {
    if (take_stop(WNOHANG)) {
      spin_.found();
      return true;
    }
    if (!has_tasks() || (listener_ && listener_->has_call())) return false;
  } while (Spin::Clock::now() < end);
  spin_.missed();
  return false;
}

void ChildTracer::wait_for_stop() {
  if (main_exited_ && !has_tasks()) return;
  const auto begin = Spin::Clock::now();
  if (!listener_) {
    if (take_stop(0)) spin_.slept(Spin::Clock::now() - begin);
    return;
  }
  const Listener::Ready ready = listener_->wait();
  if (ready.call) handle_call();
  // A signal may have come in place of SIGCHLD, so it is asked when there is neither, too.
  if ((!ready.stop && ready.call) || !take_stop(WNOHANG)) return;
  spin_.slept(Spin::Clock::now() - begin);
  collect(SIZE_MAX);  // nothing tells of them again
}

// What has stopped already, up to [most] in all.
void ChildTracer::collect(size_t most) {
  for (Stop stop{}; stops_.size() < most;) {
    stop.tid = ::waitpid(-1, &stop.status, __WALL | __WNOTHREAD | WNOHANG);
    if (stop.tid <= 0) return;
    stops_.push_back(stop);
  }
}

// Of what the listener has: while it is answered, the task stands in the call.
void ChildTracer::handle_call() {
  const std::optional<seccomp_notif> call = listener_->receive();
  if (!call) return;
  if (const auto known = tasks_.find(static_cast<pid_t>(call->pid)); known != tasks_.end()) {
    Task &task = known->second;
    task.received = call->data;
    const uint32_t number = static_cast<uint32_t>(call->data.nr);
    if (program_runs_ || number == SYS_execve) {
      memory_.attach(task.tid, listener_.get(), call->id);
      Payload arguments;
      std::ranges::copy(call->data.args, arguments.begin());
      emit_entry(task, number, arguments);
    }
  }
  listener_->answer(call->id);
}

// Before a signal is delivered. One that has come before the listener has received a call takes the task out of it, and
// a handler without SA_RESTART would let the command see EINTR of a call that does not know it: the call is to be begun
// again behind the handler, whatever that has.
void ChildTracer::restart_unseen_call(const Task &task) {
#if defined(__x86_64__)
  constexpr int64_t kErestartsys = 512, kErestartnointr = 513;  // the kernel's own
  constexpr uint64_t k64BitCode = 0x33;
  user_regs_struct regs;
  if (::ptrace(PTRACE_GETREGS, task.tid, nullptr, &regs) != 0) return;
  const uint32_t number = static_cast<uint32_t>(regs.orig_rax);
  if (static_cast<int64_t>(regs.rax) != -kErestartsys || regs.cs != k64BitCode ||
      !std::ranges::binary_search(reported_, number))
    return;
  // One that has been received, and has waited: its EINTR is its own. Or it is the same call once more, of what nobody
  // waits for.
  const std::array<uint64_t, 6> arguments{regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9};
  if (waits_of(number) == SyscallWaits::OnOpen && task.received && static_cast<uint32_t>(task.received->nr) == number &&
      task.received->instruction_pointer == regs.rip && std::ranges::equal(task.received->args, arguments)) {
    memory_.attach(task.tid);
    const bool has_folder = number == SYS_openat || number == SYS_openat2;
    if (!opens_at_once(task.tid, memory_, has_folder ? static_cast<int>(regs.rdi) : AT_FDCWD,
                       has_folder ? regs.rsi : regs.rdi))
      return;
  }
  regs.rax = static_cast<uint64_t>(-kErestartnointr);
  ::ptrace(PTRACE_SETREGS, task.tid, nullptr, &regs);
#else
  (void)task;
#endif
}

}  // namespace spile::hooks
