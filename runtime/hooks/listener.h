// Listener: the tracer's end of a seccomp filter that reports system calls (SECCOMP_RET_USER_NOTIF) in place of
// stopping the task by ptrace.
//
//   task: system call ──► waits ──► receive() … the event … answer(): the call goes on as if nothing had been
//
// Where both share a processor in turn (SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6), no idle one has to be woken
// twice for each call, which is most of what a ptrace stop takes. Stops by ptrace go on beside it: wait() waits for
// either.
//
// A filter has a listener only where no other filter of the task has one: a command that is to install its own gets
// EBUSY.
#pragma once

#include <linux/seccomp.h>
#include <signal.h>
#include <sys/types.h>

#include <atomic>
#include <memory>
#include <optional>

#include "support/file.h"

namespace spile::hooks {

class Listener {
 public:
  // Null where the kernel has none (Linux 5.6) or it cannot be taken from a command, or this process has another one
  // already. Made before the command is. Whether a signal leaves a call alone that has been received (Linux 5.19) is
  // seen where the filter is installed.
  static std::unique_ptr<Listener> make();
  ~Listener();
  Listener(const Listener &) = delete;
  Listener &operator=(const Listener &) = delete;

  // Takes [fd] of the filter of [pid], which this thread traces, and looks out for SIGCHLD from now on. False: it may
  // not.
  bool take(pid_t pid, int fd);

  // Asleep until there is something to receive or a task has stopped; what there is. Both false: a signal has
  // interrupted it.
  struct Ready {
    bool call, stop;
  };
  Ready wait();
  // Whether there is something to receive, without sleeping.
  bool has_call() const;

  // None: the task has been killed meanwhile, or a signal has taken it out of the call.
  std::optional<seccomp_notif> receive();
  // The call goes on.
  void answer(uint64_t id) const;
  // Whether the task still stands in the call: what was read of it before is its.
  bool is_waiting(uint64_t id) const;

 private:
  explicit Listener(Fd stopped) : stopped_(std::move(stopped)) {}

  Fd stopped_;  // an eventfd, which the handler of SIGCHLD writes to
  Fd calls_;
  bool handles_signals_ = false;
  sigset_t old_mask_{}, while_waiting_{};
  struct sigaction old_action_{};
};

}  // namespace spile::hooks
