#include "runtime/hooks/launch.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

extern char **environ;

namespace spile::hooks {

namespace {

// What the child writes when it fails before its program runs.
enum class Step : int { Filter, Execute };
struct Report {
  Step step;
  int os_error;
};

Error cannot_execute(const std::string &name, int os_error) {
  return {Error::Kind::Environment,
          os_error == ENOENT ? fmt::format("command `{}` was not found", name)
                             : fmt::format("command `{}` cannot be executed: {}", name, std::strerror(os_error)),
          {},
          os_error};
}

// 0, or the errno that execve() would give.
int executable_error(const std::string &path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  return ::access(path.c_str(), X_OK) == 0 ? 0 : errno;
}

// Runs in the child between fork and exec, perhaps of a process with threads: only async-signal-safe calls.
[[noreturn]] void run_child(int go_fd, int failure_fd, const char *path, char *const *argv, sock_fprog filter) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);

  char byte;
  if (::read(go_fd, &byte, 1) != 1) ::_exit(kOwnFailure);

  Report report{Step::Filter, 0};
  // Without privileges a filter needs no_new_privs, which takes the rights of set-user-ID programs away; a traced one
  // would not get them anyhow. With privileges the command keeps its rights.
  bool filtered = ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
  if (!filtered && errno == EACCES)
    filtered =
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
  if (filtered) {
    report.step = Step::Execute;
    ::execve(path, argv, environ);
  }
  report.os_error = errno;
  (void)!::write(failure_fd, &report, sizeof report);
  ::_exit(kOwnFailure);
}

}  // namespace

Result<std::string> find_program(const std::string &name) {
  int first_error = ENOENT;
  if (name.find('/') != std::string::npos) {
    first_error = executable_error(name);
    if (first_error == 0) return name;
    return std::unexpected(cannot_execute(name, first_error));
  }
  const char *path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  while (!name.empty()) {
    const size_t end = std::min(rest.find(':'), rest.size());
    const std::string_view folder = end == 0 ? "." : rest.substr(0, end);
    std::string candidate = fmt::format("{}/{}", folder, name);
    const int error = executable_error(candidate);
    if (error == 0) return candidate;
    // A file that is there and may not be run is worth telling; a folder that may not be searched is not, as in shells.
    struct stat status{};
    if (::stat(candidate.c_str(), &status) == 0 && first_error == ENOENT) first_error = error;
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  return std::unexpected(cannot_execute(name, first_error));
}

Result<Launch> Launch::fork_traced(const std::string &path, const std::vector<std::string> &argv,
                                   std::span<const sock_filter> filter, uint64_t ptrace_options) {
  std::vector<char *> arguments;
  arguments.reserve(argv.size() + 1);
  for (const std::string &argument : argv) arguments.push_back(const_cast<char *>(argument.c_str()));
  arguments.push_back(nullptr);
  const sock_fprog program{static_cast<unsigned short>(filter.size()), const_cast<sock_filter *>(filter.data())};

  int go[2], failure[2];
  if (::pipe2(go, O_CLOEXEC) != 0) return os_error(errno, "cannot make a pipe");
  if (::pipe2(failure, O_CLOEXEC) != 0) {
    const int error = errno;
    ::close(go[0]);
    ::close(go[1]);
    return os_error(error, "cannot make a pipe");
  }
  const pid_t pid = ::fork();
  const int fork_error = errno;
  if (pid == 0) {
    ::close(go[1]);  // so that the child sees the end of the pipe if this process dies
    run_child(go[0], failure[1], path.c_str(), arguments.data(), program);
  }
  ::close(go[0]);
  ::close(failure[1]);
  Launch launch(pid, go[1], failure[0]);
  if (pid < 0) return os_error(fork_error, "cannot fork");
  if (::ptrace(PTRACE_SEIZE, pid, nullptr, ptrace_options) != 0) {
    auto refused = os_error(errno, "cannot trace the command with ptrace");
    refused.error().hint = "a container may forbid ptrace: allow CAP_SYS_PTRACE or its seccomp rule";
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, __WALL);
    return refused;
  }
  return launch;
}

Launch::Launch(Launch &&other) noexcept
    : pid_(other.pid_), go_fd_(std::exchange(other.go_fd_, -1)), failure_fd_(std::exchange(other.failure_fd_, -1)) {}

Launch::~Launch() {
  if (go_fd_ >= 0) ::close(go_fd_);
  if (failure_fd_ >= 0) ::close(failure_fd_);
}

void Launch::go() {
  const char byte = 0;
  (void)!::write(go_fd_, &byte, 1);
}

Error Launch::failure(const std::string &name) const {
  Report report{};
  if (::read(failure_fd_, &report, sizeof report) != static_cast<ssize_t>(sizeof report))
    return {Error::Kind::Environment, fmt::format("command `{}` was killed before it began", name), {}, 0};
  if (report.step == Step::Execute) return cannot_execute(name, report.os_error);
  return os_error(report.os_error, "cannot install a seccomp filter").error();
}

int exit_status_of(const Error &error) {
  if (!error.message.starts_with("command `")) return kOwnFailure;
  return error.os_error == ENOENT ? kNotFound : kNotExecutable;
}

}  // namespace spile::hooks
