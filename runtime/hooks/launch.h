// Launch: starts a command, under ptrace and seccomp or as it is, stopped before its execve().
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "support/result.h"

namespace spile::hooks {

// What a command that cannot be run leaves as exit status, as env(1) and timeout(1) have it.
inline constexpr int kNotFound = 127, kNotExecutable = 126, kOwnFailure = 125;

// The file that execvp() would run. Environment error with ENOENT, EACCES, …
Result<std::string> find_program(const std::string &name);

class Launch {
 public:
  // What the child of fork_traced() installs: [reporting] with a listener where it can, else [stopping].
  struct Filters {
    std::span<const sock_filter> stopping, reporting;  // the second may be empty
  };
  // Forks. The child waits until go(); then it installs a filter and executes [path]; with Filters::reporting it waits
  // in between until proceed(). It is traced by this thread, with [ptrace_options].
  static Result<Launch> fork_traced(const std::string &path, const std::vector<std::string> &argv,
                                    const Filters &filters, uint64_t ptrace_options);
  // Forks. The child waits until go(admit).
  static Result<Launch> fork_plain(const std::string &path, const std::vector<std::string> &argv);
  Launch(Launch &&other) noexcept;
  Launch &operator=(Launch &&) = delete;
  ~Launch();

  pid_t pid() const { return pid_; }
  void go();
  // Of fork_traced() with Filters::reporting: whether the child waits for proceed().
  bool is_prepared() const { return start_->state.load() == kReady; }
  // Then: the number that the child's end of the listener has there; negative when it has none.
  int listener_in_child() const { return start_->listener; }
  void proceed() { start_->state.store(kGo); }
  // Of fork_plain(). [admit] runs when the child has nothing left to do but its execve(): whatever watches the child
  // from then on sees that, and nothing of ours. Error: of [admit], or why the program was not executed.
  Result<void> go(const std::string &name, const std::function<Result<void>()> &admit);
  // Once the child is gone without having executed its program: why.
  Error failure(const std::string &name) const;

 private:
  // A pipe would not do to hold the child in its last moment: to leave its read() is a system call too.
  enum StartState : int { kWaiting, kReady, kGo };
  struct Start {
    std::atomic<int> state{kWaiting};
    int listener = -1;
  };
  static Result<Start *> shared_start();
  [[noreturn]] static void run_child(pid_t parent, int go_fd, int failure_fd, const char *path, char *const *argv,
                                     const Filters &filters, Start *start);
  static Result<Launch> fork(const std::string &path, const std::vector<std::string> &argv, const Filters &filters,
                             Start *start);

  Launch(pid_t pid, int go_fd, int failure_fd, Start *start)
      : pid_(pid), go_fd_(go_fd), failure_fd_(failure_fd), start_(start) {}
  pid_t pid_;
  int go_fd_;
  int failure_fd_;
  Start *start_;  // a page that a child sees too which is held before its execve(); null for others
};

// 127, 126 or 125 for an error of this file.
int exit_status_of(const Error &error);

}  // namespace spile::hooks
