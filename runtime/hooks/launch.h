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
  // Forks. The child waits until go(); then it installs [filter] and executes [path]. It is traced by this thread, with
  // [ptrace_options].
  static Result<Launch> fork_traced(const std::string &path, const std::vector<std::string> &argv,
                                    std::span<const sock_filter> filter, uint64_t ptrace_options);
  // Forks. The child waits until go(admit).
  static Result<Launch> fork_plain(const std::string &path, const std::vector<std::string> &argv);
  Launch(Launch &&other) noexcept;
  Launch &operator=(Launch &&) = delete;
  ~Launch();

  pid_t pid() const { return pid_; }
  void go();
  // Of fork_plain(). [admit] runs when the child has nothing left to do but its execve(): whatever watches the child
  // from then on sees that, and nothing of ours. Error: of [admit], or why the program was not executed.
  Result<void> go(const std::string &name, const std::function<Result<void>()> &admit);
  // Once the child is gone without having executed its program: why.
  Error failure(const std::string &name) const;

 private:
  using Start = std::atomic<int>;
  static Result<Launch> fork(const std::string &path, const std::vector<std::string> &argv, const sock_fprog *filter,
                             Start *start);

  Launch(pid_t pid, int go_fd, int failure_fd, Start *start)
      : pid_(pid), go_fd_(go_fd), failure_fd_(failure_fd), start_(start) {}
  pid_t pid_;
  int go_fd_;
  int failure_fd_;
  Start *start_;  // a page that the child of fork_plain() sees too; null for others
};

// 127, 126 or 125 for an error of this file.
int exit_status_of(const Error &error);

}  // namespace spile::hooks
