// launch(): starts a command under ptrace and seccomp, stopped before its first instruction.
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

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
  Launch(Launch &&other) noexcept;
  Launch &operator=(Launch &&) = delete;
  ~Launch();

  pid_t pid() const { return pid_; }
  void go();
  // Once the child is gone without having executed its program: why.
  Error failure(const std::string &name) const;

 private:
  Launch(pid_t pid, int go_fd, int failure_fd) : pid_(pid), go_fd_(go_fd), failure_fd_(failure_fd) {}
  pid_t pid_;
  int go_fd_;
  int failure_fd_;
};

// 127, 126 or 125 for an error of this file.
int exit_status_of(const Error &error);

}  // namespace spile::hooks
