#include "runtime/hooks/listener.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/hooks/ticker.h"

namespace spile::hooks {

namespace {

// Of <linux/seccomp.h> since 6.6.
constexpr unsigned long kSetFlags = SECCOMP_IOW(4, __u64);
constexpr unsigned long kSyncWakeUp = 1;

// SIGCHLD is a process's, and whichever of its threads takes it finds the one that waits by this.
std::atomic<int> child_stopped{-1};

void note_stop(int) {
  const int error = errno;
  const uint64_t one = 1;
  (void)!::write(child_stopped.load(), &one, sizeof one);
  errno = error;
}

Fd copy_of(pid_t pid, int fd) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process.valid()) return {};
  return Fd(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), fd, 0)));
}

}  // namespace

std::unique_ptr<Listener> Listener::make() {
  seccomp_notif_sizes sizes{};
  if (::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) return nullptr;
  if (sizes.seccomp_notif > sizeof(seccomp_notif) || sizes.seccomp_notif_resp > sizeof(seccomp_notif_resp))
    return nullptr;
  Fd stopped(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  // Containers may refuse what take() needs, and then there is no way back.
  if (!stopped.valid() || !copy_of(::getpid(), stopped.get()).valid()) return nullptr;
  if (int none = -1; !child_stopped.compare_exchange_strong(none, stopped.get())) return nullptr;
  return std::unique_ptr<Listener>(new Listener(std::move(stopped)));
}

Listener::~Listener() {
  if (handles_signals_) {
    ::sigaction(SIGCHLD, &old_action_, nullptr);
    ::pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
  }
  child_stopped = -1;
}

bool Listener::take(pid_t pid, int fd) {
  calls_ = copy_of(pid, fd);
  if (!calls_.valid()) return false;
  (void)::ioctl(calls_.get(), kSetFlags, kSyncWakeUp);  // without, it takes as long as ptrace does

  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  ::pthread_sigmask(SIG_BLOCK, &child, &old_mask_);
  while_waiting_ = old_mask_;
  ::sigdelset(&while_waiting_, SIGCHLD);
  ::sigdelset(&while_waiting_, Ticker::signal());
  struct sigaction action{};
  action.sa_handler = note_stop;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGCHLD, &action, &old_action_);
  handles_signals_ = true;
  note_stop(SIGCHLD);  // what has stopped before
  return true;
}

Listener::Ready Listener::wait() {
  pollfd both[]{{stopped_.get(), POLLIN, 0}, {calls_.get(), POLLIN, 0}};
  const bool woken = ::ppoll(both, calls_.valid() ? 2 : 1, nullptr, &while_waiting_) > 0;
  // Interrupted by SIGCHLD, as a rule.
  uint64_t stops = 0;
  if (!woken || both[0].revents != 0)
    if (::read(stopped_.get(), &stops, sizeof stops) < 0) stops = 0;
  if (!woken) return {false, stops != 0};
  const bool call = (both[1].revents & POLLIN) != 0;
  // The last task with this filter is gone.
  if (!call && (both[1].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) calls_ = Fd();
  return {call, stops != 0};
}

bool Listener::has_call() const {
  pollfd calls{calls_.get(), POLLIN, 0};
  return ::poll(&calls, 1, 0) > 0 && (calls.revents & POLLIN) != 0;
}

std::optional<seccomp_notif> Listener::receive() {
  seccomp_notif call{};
  if (::ioctl(calls_.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) return std::nullopt;
  return call;
}

void Listener::answer(uint64_t id) const {
  seccomp_notif_resp response{id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE};
  (void)::ioctl(calls_.get(), SECCOMP_IOCTL_NOTIF_SEND, &response);  // fails for a task that has been killed
}

bool Listener::is_waiting(uint64_t id) const { return ::ioctl(calls_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0; }

}  // namespace spile::hooks
