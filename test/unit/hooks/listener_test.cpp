// System calls that a seccomp listener reports in place of ptrace stops.
#include "runtime/hooks/listener.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

#include "runtime/hooks/child.h"

namespace spile::hooks {
namespace {

using namespace std::chrono_literals;

struct Watched {
  std::map<uint32_t, int> calls;  // by thread
  int total = 0;
  int exit_status = 0;
  std::vector<std::string> notices;
};

Watched trace(const std::string &tracepoint, std::vector<std::string> arguments) {
  Watched result;
  ChildTracer tracer({find_tracepoint(tracepoint).value()}, [&](size_t, const vm::Event &event) {
    result.calls[event.tid]++;
    result.total++;
  });
  arguments.insert(arguments.begin(), HOOKS_ACTOR);
  auto started = tracer.start(arguments);
  EXPECT_TRUE(started) << started.error().message;
  const std::atomic<bool> never{false};
  EXPECT_EQ(tracer.run(never, std::chrono::steady_clock::now() + 60s), ChildTracer::Ended::Exited);
  result.exit_status = tracer.exit_status();
  result.notices = tracer.notices();
  return result;
}

// Where there is no listener, ChildTracer goes on without, and a test that must see one can not.
bool has_listener() { return Listener::make() != nullptr; }

TEST(Listener, OneTracerOfAProcessHasIt) {
  const auto first = Listener::make();
  if (!first) GTEST_SKIP() << "no seccomp listener here";
  EXPECT_EQ(Listener::make(), nullptr);
}

TEST(Listener, ASignalNeitherLosesNorRepeatsNorEndsACall) {
  const std::string path = ::testing::TempDir() + "spile-listener-count-" + std::to_string(::getpid());
  const Watched run = trace("tp/syscalls/sys_enter_getpgid", {"interrupted", path});
  EXPECT_EQ(run.exit_status, 0) << "1: getpgid() ended with EINTR";
  int counted = 0;
  std::ifstream(path) >> counted;
  EXPECT_EQ(run.total, counted);
  EXPECT_EQ(trace("tp/syscalls/sys_enter_openat", {"interrupted", path}).exit_status, 0) << "2 or 3: open() did";
  ::unlink(path.c_str());
}

TEST(Listener, AnOpenThatWaitsIsInterrupted) {
  const std::string path = ::testing::TempDir() + "spile-listener-fifo-" + std::to_string(::getpid());
  const Watched run = trace("tp/syscalls/sys_enter_openat", {"fifo", path});
  EXPECT_EQ(run.exit_status, 0);
}

TEST(Listener, ThreadsThatAreKilledInsideACallAreGone) {
  const Watched run = trace("tp/syscalls/sys_enter_getpgid", {"killed"});
  EXPECT_EQ(run.exit_status, 128 + SIGKILL);
  EXPECT_EQ(run.calls.size(), 4u);
}

TEST(Listener, CallsWithoutEndKeepNoOtherTaskStanding) {
  const Watched run = trace("tp/syscalls/sys_enter_getpgid", {"crowd"});
  EXPECT_EQ(run.exit_status, 0);
}

TEST(Listener, ACommandThatWantsItsOwnIsNamed) {
  if (!has_listener()) GTEST_SKIP() << "no seccomp listener here";
  const Watched with = trace("tp/syscalls/sys_enter_getpgid", {"own-listener"});
  EXPECT_EQ(with.total, 1);
  EXPECT_EQ(with.exit_status, EBUSY);
  ASSERT_EQ(with.notices.size(), 1u);
  EXPECT_NE(with.notices[0].find("SPILE_LISTENER=0"), std::string::npos) << with.notices[0];

  ::setenv("SPILE_LISTENER", "0", 1);
  const Watched without = trace("tp/syscalls/sys_enter_getpgid", {"own-listener"});
  ::unsetenv("SPILE_LISTENER");
  EXPECT_EQ(without.total, 1);
  EXPECT_EQ(without.exit_status, 0);
  EXPECT_TRUE(without.notices.empty());
}

TEST(Listener, UnderAnotherOneTheCommandIsTracedByPtrace) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    sock_filter allow{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    const sock_fprog filter{1, &allow};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter) < 0) ::_exit(99);
    ::_exit(trace("tp/syscalls/sys_enter_getpgid", {"rename"}).total);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (WEXITSTATUS(status) == 99) GTEST_SKIP() << "no seccomp listener here";
  EXPECT_EQ(WEXITSTATUS(status), 2);
}

// As some containers have it.
TEST(Listener, WhereItCannotBeTakenTheCommandIsTracedByPtrace) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    sock_filter forbid[]{{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
                         {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_pidfd_getfd},
                         {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EPERM},
                         {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
    const sock_fprog filter{std::size(forbid), forbid};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) ::_exit(99);
    ::_exit(trace("tp/syscalls/sys_enter_getpgid", {"rename"}).total);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 2);
}

// The same tests once more, in the other way.
TEST(Listener, WithoutItTheTracerDoesTheSame) {
  std::array<char, 4096> self{};
  ASSERT_GT(::readlink("/proc/self/exe", self.data(), self.size() - 1), 0);
  const std::string command = std::string("SPILE_LISTENER=0 '") + self.data() +
                              "' --gtest_brief=1 --gtest_filter='ChildTracer.*:Listener.A*Signal*:*Threads*' 1>&2";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace spile::hooks
