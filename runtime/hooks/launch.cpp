#include "runtime/hooks/launch.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
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

constexpr uint64_t kTurnsBetweenLooks = uint64_t{1} << 30;  // about half a second

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

bool has_ended(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

// 0 or, with NEW_LISTENER, the descriptor of the listener; -1 with errno.
int install(std::span<const sock_filter> filter, unsigned flags) {
  const sock_fprog program{static_cast<unsigned short>(filter.size()), const_cast<sock_filter *>(filter.data())};
  const auto set = [&] { return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program)); };
  const int fd = set();
  // Without privileges a filter needs no_new_privs, which takes the rights of set-user-ID programs away; a traced one
  // would not get them anyhow. With privileges the command keeps its rights.
  if (fd >= 0 || errno != EACCES || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fd;
  return set();
}

}  // namespace

// Runs in the child between fork and exec, perhaps of a process with threads: only async-signal-safe calls. [start] may
// be null.
void Launch::run_child(pid_t parent, int go_fd, int failure_fd, const char *path, char *const *argv,
                       const Filters &filters, Start *start) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);

  char byte;
  if (::read(go_fd, &byte, 1) != 1) ::_exit(kOwnFailure);

  // A filter further out may have a listener; then this one may not (EBUSY).
  constexpr unsigned kReporting = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  const int listener = filters.reporting.empty() ? -1 : install(filters.reporting, kReporting);
  Report report{Step::Filter, 0};
  if (filters.stopping.empty() || listener >= 0 || install(filters.stopping, 0) == 0) {
    if (start != nullptr) {
      start->listener = listener;
      // For some microseconds: whoever wrote the byte waits for this. Whether that one has died is asked seldom, as
      // that is a system call.
      start->state.store(kReady);
      for (uint64_t turns = 1; start->state.load() != kGo; turns++)
        if (turns % kTurnsBetweenLooks == 0 && ::getppid() != parent) ::_exit(kOwnFailure);
    }
    report.step = Step::Execute;
    ::execve(path, argv, environ);
  }
  report.os_error = errno;
  (void)!::write(failure_fd, &report, sizeof report);
  ::_exit(kOwnFailure);
}

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

Result<Launch::Start *> Launch::shared_start() {
  void *const page = ::mmap(nullptr, sizeof(Start), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return os_error(errno, "cannot share a page with the command");
  return new (page) Start;
}

Result<Launch> Launch::fork(const std::string &path, const std::vector<std::string> &argv, const Filters &filters,
                            Start *start) {
  std::vector<char *> arguments;
  arguments.reserve(argv.size() + 1);
  for (const std::string &argument : argv) arguments.push_back(const_cast<char *>(argument.c_str()));
  arguments.push_back(nullptr);

  int go[2], failure[2];
  if (::pipe2(go, O_CLOEXEC) != 0) return os_error(errno, "cannot make a pipe");
  if (::pipe2(failure, O_CLOEXEC) != 0) {
    const int error = errno;
    ::close(go[0]);
    ::close(go[1]);
    return os_error(error, "cannot make a pipe");
  }
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  const int fork_error = errno;
  if (pid == 0) {
    ::close(go[1]);  // so that the child sees the end of the pipe if this process dies
    run_child(parent, go[0], failure[1], path.c_str(), arguments.data(), filters, start);
  }
  ::close(go[0]);
  ::close(failure[1]);
  Launch launch(pid, go[1], failure[0], start);
  if (pid < 0) return os_error(fork_error, "cannot fork");
  return launch;
}

Result<Launch> Launch::fork_traced(const std::string &path, const std::vector<std::string> &argv,
                                   const Filters &filters, uint64_t ptrace_options) {
  Start *start = nullptr;
  if (!filters.reporting.empty()) {
    auto shared = shared_start();
    if (!shared) return std::unexpected(shared.error());
    start = *shared;
  }
  auto launch = fork(path, argv, filters, start);
  if (!launch) return launch;
  if (::ptrace(PTRACE_SEIZE, launch->pid(), nullptr, ptrace_options) != 0) {
    auto refused = os_error(errno, "cannot trace the command with ptrace");
    refused.error().hint = "a container may forbid ptrace: allow CAP_SYS_PTRACE or its seccomp rule";
    ::kill(launch->pid(), SIGKILL);
    ::waitpid(launch->pid(), nullptr, __WALL);
    return refused;
  }
  return launch;
}

Result<Launch> Launch::fork_plain(const std::string &path, const std::vector<std::string> &argv) {
  auto start = shared_start();
  if (!start) return std::unexpected(start.error());
  return fork(path, argv, {}, *start);
}

Result<void> Launch::go(const std::string &name, const std::function<Result<void>()> &admit) {
  go();
  while (start_->state.load() != kReady) {
    if (has_ended(pid_)) return std::unexpected(failure(name));
    ::sched_yield();
  }
  if (auto admitted = admit(); !admitted) {
    ::kill(pid_, SIGKILL);
    return admitted;
  }
  proceed();
  // The pipe closes when the program is executed.
  pollfd failure_pipe{failure_fd_, POLLIN, 0};
  ::poll(&failure_pipe, 1, -1);
  int unread = 0;
  ::ioctl(failure_fd_, FIONREAD, &unread);
  if (unread != 0) return std::unexpected(failure(name));
  return {};
}

Launch::Launch(Launch &&other) noexcept
    : pid_(other.pid_),
      go_fd_(std::exchange(other.go_fd_, -1)),
      failure_fd_(std::exchange(other.failure_fd_, -1)),
      start_(std::exchange(other.start_, nullptr)) {}

Launch::~Launch() {
  if (go_fd_ >= 0) ::close(go_fd_);
  if (failure_fd_ >= 0) ::close(failure_fd_);
  if (start_ != nullptr) ::munmap(start_, sizeof(Start));
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
