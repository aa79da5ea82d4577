#include "runtime/hooks/child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <thread>

#include "runtime/hooks/words.h"

namespace spile::hooks {
namespace {

using namespace std::chrono_literals;

struct Seen {
  size_t hook;
  uint32_t pid, tid, uid;
  std::string comm;
  std::vector<uint64_t> ctx;  // words of the record
  std::string text;           // the string that the text hook's argument points to
  int64_t word(size_t offset) const { return static_cast<int64_t>(ctx.at(offset / 8)); }
};

// Runs a command and keeps its events. [text_argument]: the offset in the record of a string to read.
struct Traced {
  explicit Traced(std::vector<std::string> names, size_t text_argument = 0)
      : tracer(tracepoints(names), [this, text_argument](size_t hook, const vm::Event &event) {
          Seen seen{hook, event.pid, event.tid, event.uid, event.comm.data(), {}, {}};
          seen.ctx.resize(event.ctx.size() / 8);
          std::memcpy(seen.ctx.data(), event.ctx.data(), event.ctx.size());
          if (text_argument != 0) {
            uint64_t address = seen.ctx.at(text_argument / 8);
            for (std::byte byte; event.memory->read(address++, {&byte, 1}) && byte != std::byte{0};)
              seen.text += static_cast<char>(byte);
          }
          events.push_back(std::move(seen));
        }) {}

  static std::vector<Tracepoint> tracepoints(const std::vector<std::string> &names) {
    std::vector<Tracepoint> found;
    for (const std::string &name : names) found.push_back(find_tracepoint(name).value());
    return found;
  }

  void run(const std::string &command) {
    auto started = tracer.start(split_words(command).value());
    ASSERT_TRUE(started) << started.error().message;
    const std::atomic<bool> never{false};
    ended = tracer.run(never, std::chrono::steady_clock::now() + 20s);
    EXPECT_EQ(ended, ChildTracer::Ended::Exited);
  }
  size_t count(size_t hook) const { return static_cast<size_t>(std::ranges::count(events, hook, &Seen::hook)); }

  std::vector<Seen> events;
  ChildTracer tracer;
  ChildTracer::Ended ended{};
};

TEST(ChildTracer, TheExitStatusIsTheCommands) {
  Traced seven({});
  seven.run("sh -c 'exit 7'");
  EXPECT_EQ(seven.tracer.exit_status(), 7);
  Traced killed({});
  killed.run("sh -c 'kill -9 $$'");
  EXPECT_EQ(killed.tracer.exit_status(), 128 + SIGKILL);
}

TEST(ChildTracer, ACommandThatCannotBeRunSaysWhy) {
  const auto status_of = [](std::vector<std::string> argv) {
    ChildTracer tracer({}, [](size_t, const vm::Event &) {});
    auto started = tracer.start(argv);
    EXPECT_FALSE(started);
    return started ? 0 : exit_status_of(started.error());
  };
  EXPECT_EQ(status_of({"spile-no-such-command"}), 127);
  EXPECT_EQ(status_of({"/no/such/file"}), 127);
  EXPECT_EQ(status_of({"/"}), 126);
  EXPECT_EQ(status_of({"/etc/passwd"}), 126);
  EXPECT_EQ(status_of({}), 125);
}

TEST(ChildTracer, KillIsSeenWithItsArgumentsAndResult) {
  Traced traced({"tracepoint/syscalls/sys_enter_kill", "tracepoint/syscalls/sys_exit_kill"});
  traced.run("sh -c 'sleep 60 & kill -9 $!'");
  ASSERT_EQ(traced.events.size(), 2u);
  const Seen &enter = traced.events[0], &exit = traced.events[1];
  EXPECT_EQ(enter.hook, 0u);
  EXPECT_EQ(enter.comm, "sh");
  EXPECT_EQ(enter.pid, static_cast<uint32_t>(traced.tracer.pid()));
  EXPECT_EQ(enter.uid, ::getuid());
  EXPECT_EQ(enter.ctx.size(), 4u);
  EXPECT_EQ(enter.word(8), SYS_kill);
  EXPECT_GT(enter.word(16), traced.tracer.pid());
  EXPECT_EQ(enter.word(24), SIGKILL);
  EXPECT_EQ(exit.hook, 1u);
  EXPECT_EQ(exit.word(8), SYS_kill);
  EXPECT_EQ(exit.word(16), 0);
  EXPECT_EQ(traced.tracer.exit_status(), 0);
  EXPECT_TRUE(traced.tracer.notices().empty()) << traced.tracer.notices()[0];
}

TEST(ChildTracer, MemoryOfTheTaskCanBeRead) {
  Traced traced({"tp/syscalls/sys_enter_openat"}, 24);
  traced.run("cat /etc/hostname /spile-no-such-file");
  std::set<std::string> names;
  for (const Seen &seen : traced.events) names.insert(seen.text);
  EXPECT_TRUE(names.contains("/etc/hostname"));
  EXPECT_TRUE(names.contains("/spile-no-such-file"));
  EXPECT_NE(traced.tracer.exit_status(), 0);
}

TEST(ChildTracer, ForksAndExecsAreFollowed) {
  Traced traced({"tp/syscalls/sys_enter_execve", "tp/syscalls/sys_exit_execve"}, 0);
  traced.run("sh -c 'true; /bin/true; /bin/true; exec /bin/true'");
  EXPECT_EQ(traced.count(0), 4u);
  EXPECT_EQ(traced.count(1), 4u);
  std::set<uint32_t> pids;
  for (const Seen &seen : traced.events) {
    pids.insert(seen.pid);
    if (seen.hook == 1) EXPECT_EQ(seen.word(16), 0);
  }
  EXPECT_EQ(pids.size(), 3u);
  EXPECT_EQ(traced.events.back().comm, "true");
}

TEST(ChildTracer, AFailedExecReturnsToItsCaller) {
  Traced traced({"tp/syscalls/sys_exit_execve"});
  traced.run("sh -c 'exec /spile-no-such-command'");
  ASSERT_EQ(traced.events.size(), 2u);
  EXPECT_EQ(traced.events[1].word(16), -ENOENT);
  EXPECT_EQ(traced.tracer.exit_status(), 127);
}

TEST(ChildTracer, ANewTaskLeavesTheCloneThatMadeIt) {
  Traced traced({"tp/syscalls/sys_enter_clone", "tp/syscalls/sys_exit_clone", "tp/syscalls/sys_enter_clone3",
                 "tp/syscalls/sys_exit_clone3", "tp/syscalls/sys_enter_vfork", "tp/syscalls/sys_exit_vfork"});
  traced.run("sh -c 'for i in 1 2 3 4 5 6 7 8; do (true) & done; wait; /bin/true'");
  const size_t enters = traced.count(0) + traced.count(2) + traced.count(4);
  const size_t exits = traced.count(1) + traced.count(3) + traced.count(5);
  EXPECT_GE(enters, 9u) << "a clone that a signal interrupts is started again";
  EXPECT_EQ(exits, enters + 9) << "once in the parent, once in the child";
  size_t in_child = 0;
  for (const Seen &seen : traced.events)
    if (seen.hook % 2 == 1 && seen.word(16) == 0) in_child += seen.pid != static_cast<uint32_t>(traced.tracer.pid());
  EXPECT_EQ(in_child, 9u);
}

TEST(ChildTracer, ATaskKilledAtItsBirthHasLeftTheCloneToo) {
  for (int round = 0; round < 20; round++) {
    Traced traced({"tp/syscalls/sys_exit_clone", "tp/syscalls/sys_exit_vfork"});
    traced.run("sh -c '(sleep 60) & kill -9 $!'");
    EXPECT_EQ(
        std::ranges::count_if(
            traced.events, [&](const Seen &seen) { return seen.word(16) == 0 && seen.comm == "sh" && seen.hook == 0; }),
        1);
  }
}

TEST(ChildTracer, TheRawTracepointsSeeEverySystemCall) {
  Traced traced({"tp/raw_syscalls/sys_enter", "tp/raw_syscalls/sys_exit", "tp/syscalls/sys_enter_exit_group"});
  traced.run("true");
  EXPECT_GT(traced.count(0), 10u);
  EXPECT_EQ(traced.count(1), traced.count(0) - 1) << "exit_group() does not return";
  EXPECT_EQ(traced.count(2), 1u);
  EXPECT_EQ(traced.events.front().word(8), SYS_execve);
  EXPECT_EQ(traced.events.back().word(8), SYS_exit_group);
}

TEST(ChildTracer, SignalsReachTheCommand) {
  Traced traced({"tp/syscalls/sys_exit_kill"});
  traced.run(R"(sh -c 'trap "exit 5" USR1; kill -USR1 $$; sleep 60')");
  EXPECT_EQ(traced.tracer.exit_status(), 5);
  EXPECT_EQ(traced.events.size(), 1u);
}

TEST(ChildTracer, JobControlStopsAndContinues) {
  Traced traced({"tp/syscalls/sys_enter_kill"});
  traced.run("sh -c 'sleep 0.05 & p=$!; kill -STOP $p; kill -CONT $p; wait $p'");
  EXPECT_EQ(traced.tracer.exit_status(), 0);
  EXPECT_EQ(traced.events.size(), 2u);
}

TEST(ChildTracer, ATaskKilledInsideASystemCallDoesNotLeaveIt) {
  Traced traced({"tp/syscalls/sys_enter_clock_nanosleep", "tp/syscalls/sys_exit_clock_nanosleep",
                 "tp/syscalls/sys_enter_nanosleep", "tp/syscalls/sys_exit_nanosleep"});
  traced.run("sh -c 'sleep 60 & p=$!; sleep 0.1; kill -9 $p; wait $p'");
  EXPECT_EQ(traced.count(0) + traced.count(2), 2u);
  EXPECT_EQ(traced.count(1) + traced.count(3), 1u);
  EXPECT_EQ(traced.tracer.exit_status(), 128 + SIGKILL);
}

TEST(ChildTracer, WhatTheCommandLeavesBehindIsEndedAndNamed) {
  Traced traced({"tp/syscalls/sys_enter_kill"});
  const auto before = std::chrono::steady_clock::now();
  traced.run("sh -c 'sleep 60 & sleep 0.05'");
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
  EXPECT_EQ(traced.tracer.exit_status(), 0);
  ASSERT_EQ(traced.tracer.notices().size(), 1u);
  EXPECT_NE(traced.tracer.notices()[0].find("(sleep)"), std::string::npos) << traced.tracer.notices()[0];
}

TEST(ChildTracer, ATaskThatIgnoresSigtermIsKilled) {
  Traced traced({});
  traced.run(R"(sh -c '(trap "" TERM; sleep 0.02; exec sleep 60) & sleep 0.1')");
  EXPECT_EQ(traced.tracer.notices().size(), 1u);
}

TEST(ChildTracer, TheRunEndsAtTheDeadlineAndGoesOn) {
  Traced traced({});
  ASSERT_TRUE(traced.tracer.start({"sleep", "0.3"}));
  std::atomic<bool> stop{false};
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(traced.tracer.run(stop, before + 50ms), ChildTracer::Ended::Deadline);
  EXPECT_GE(std::chrono::steady_clock::now() - before, 50ms);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 200ms);
  EXPECT_EQ(traced.tracer.run(stop, before + 20s), ChildTracer::Ended::Exited);
  EXPECT_EQ(traced.tracer.exit_status(), 0);
}

TEST(ChildTracer, AFlagStopsTheRunAndFinishEndsTheCommand) {
  Traced traced({});
  ASSERT_TRUE(traced.tracer.start({"sleep", "60"}));
  std::atomic<bool> stop{false};
  std::thread setter([&] {
    std::this_thread::sleep_for(30ms);
    stop = true;
  });
  EXPECT_EQ(traced.tracer.run(stop, std::chrono::steady_clock::now() + 10s), ChildTracer::Ended::Stopped);
  setter.join();
  traced.tracer.finish();
  EXPECT_EQ(traced.tracer.exit_status(), 128 + SIGTERM);
}

TEST(ChildTracer, TheNameOfATaskIsKeptUpToDate) {
  Traced traced({"tp/syscalls/sys_enter_getpgid"});
  traced.run(HOOKS_ACTOR " rename");
  ASSERT_EQ(traced.events.size(), 2u);
  EXPECT_EQ(traced.events[0].comm, "hooks_actor");
  EXPECT_EQ(traced.events[1].comm, "renamed");
}

TEST(ChildTracer, ThreadsAreFollowedAndShareAProcess) {
  Traced traced({"tp/syscalls/sys_enter_getpgid"});
  traced.run(HOOKS_ACTOR " threads");
  EXPECT_EQ(traced.events.size(), 200u);
  std::set<uint32_t> tids;
  for (const Seen &seen : traced.events) {
    tids.insert(seen.tid);
    EXPECT_EQ(seen.pid, static_cast<uint32_t>(traced.tracer.pid()));
  }
  EXPECT_EQ(tids.size(), 4u);
}

TEST(ChildTracer, AThreadMayExecuteAProgram) {
  Traced traced({"tp/syscalls/sys_exit_execve"});
  traced.run(HOOKS_ACTOR " exec-in-thread");
  EXPECT_EQ(traced.tracer.exit_status(), 0);
  ASSERT_EQ(traced.events.size(), 2u);
  EXPECT_EQ(traced.events[1].comm, "echo");
  EXPECT_EQ(traced.events[1].tid, static_cast<uint32_t>(traced.tracer.pid()));
}

TEST(ChildTracer, VforksEndTwice) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer makes a fork of each vfork";
#endif
#endif
  Traced traced({"tp/syscalls/sys_enter_vfork", "tp/syscalls/sys_exit_vfork"});
  traced.run(HOOKS_ACTOR " vfork");
  EXPECT_GE(traced.count(0), 20u) << "a vfork that a signal interrupts is started again";
  EXPECT_EQ(traced.count(1), traced.count(0) + 20);
  EXPECT_EQ(traced.tracer.exit_status(), 0);
}

TEST(ChildTracer, IdentityFollowsSetuid) {
  if (::getuid() != 0) GTEST_SKIP() << "only root may change its user";
  Traced traced({"tp/syscalls/sys_enter_getpgid"});
  traced.run(HOOKS_ACTOR " setuid");
  ASSERT_EQ(traced.events.size(), 2u);
  EXPECT_EQ(traced.events[0].uid, 0u);
  EXPECT_EQ(traced.events[1].uid, 12345u);
}

TEST(ChildTracer, AnUnprivilegedUserCanTrace) {
  if (::getuid() != 0) GTEST_SKIP() << "the other tests show it";
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0 || ::prctl(PR_SET_DUMPABLE, 1) != 0) ::_exit(99);
    Traced traced({"tp/syscalls/sys_enter_kill"});
    traced.run("sh -c 'kill -0 $$'");
    ::_exit(static_cast<int>(traced.events.size()));
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

}  // namespace
}  // namespace spile::hooks
