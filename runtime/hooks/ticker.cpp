#include "runtime/hooks/ticker.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace spile::hooks {

// glibc keeps the first real-time signals for itself and names the rest from SIGRTMIN on; this one is taken for the
// duration of a wait only.
int Ticker::signal() { return SIGRTMIN + 5; }

Ticker::Ticker(Deadline deadline, std::chrono::nanoseconds period) {
  struct sigaction action{};
  action.sa_handler = [](int) {};  // no SA_RESTART: the interruption is the purpose
  ::sigaction(signal(), &action, &old_action_);
  sigset_t tick;
  ::sigemptyset(&tick);
  ::sigaddset(&tick, signal());
  ::pthread_sigmask(SIG_UNBLOCK, &tick, &old_mask_);

  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = signal();
  event._sigev_un._tid = static_cast<pid_t>(::syscall(SYS_gettid));
  armed_ = ::timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
  if (!armed_) return;
  // The first tick is chosen so that one of them falls on the deadline.
  std::chrono::nanoseconds first = period;
  if (deadline) {
    const std::chrono::nanoseconds left =
        std::max<std::chrono::nanoseconds>(*deadline - std::chrono::steady_clock::now(), std::chrono::nanoseconds(0));
    first = std::max(left % period, std::chrono::nanoseconds(1));
  }
  const itimerspec ticks{{0, period.count()}, {0, first.count()}};
  ::timer_settime(timer_, 0, &ticks, nullptr);
}

Ticker::~Ticker() {
  if (armed_) ::timer_delete(timer_);
  ::sigaction(signal(), &old_action_, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
}

}  // namespace spile::hooks
