// The command that child_test.cpp traces where a shell cannot do what is to be seen: threads, names, identities.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <thread>
#include <vector>

static volatile sig_atomic_t signals;

// getpgid() is what the tests watch: nothing else in this program calls it.
static void mark() { ::getpgid(0); }

int main(int, char **argv) {
  const std::string_view action = argv[1];
  if (action == "rename") {
    mark();
    ::prctl(PR_SET_NAME, "renamed");
    mark();
  } else if (action == "threads") {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
      threads.emplace_back([] {
        for (int calls = 0; calls < 50; calls++) mark();
      });
    for (std::thread &thread : threads) thread.join();
  } else if (action == "exec-in-thread") {
    std::thread thread([] { ::execl("/bin/echo", "echo", "-n", nullptr); });
    thread.join();
    return 1;
  } else if (action == "setuid") {
    mark();
    if (::setuid(12345) != 0) return 1;
    mark();
  } else if (action == "vfork") {
    for (int i = 0; i < 20; i++)
      if (::vfork() == 0) ::_exit(0);
  } else if (action == "interrupted") {
    // Handlers without SA_RESTART: a call that waits for nobody never ends with EINTR all the same.
    struct sigaction action_of_signal{};
    action_of_signal.sa_handler = [](int) { signals = signals + 1; };
    ::sigaction(SIGALRM, &action_of_signal, nullptr);
    const itimerval often{{0, 200}, {0, 200}};
    ::setitimer(ITIMER_REAL, &often, nullptr);
    int calls = 0;
    for (; signals < 300; calls++) {
      if (::getpgid(0) < 0) return 1;
      const int fd = ::open(calls % 2 != 0 ? "/dev/null" : "/dev/zero", O_RDONLY);
      if (fd < 0) return 2;
      ::close(fd);
      for (int again = 0; again < 2; again++) {  // the same call, which looks as if it had been received
        const int self = ::open(argv[0], O_RDONLY);
        if (self < 0) return 3;
        ::close(self);
      }
    }
    const itimerval never{};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    FILE *const counted = std::fopen(argv[2], "w");
    std::fprintf(counted, "%d\n", calls);
    std::fclose(counted);
  } else if (action == "fifo") {  // open() waits for a writer until the signal comes
    struct sigaction action_of_signal{};
    action_of_signal.sa_handler = [](int) { signals = signals + 1; };
    ::sigaction(SIGALRM, &action_of_signal, nullptr);
    ::mkfifo(argv[2], 0600);
    const itimerval soon{{}, {0, 20000}};
    ::setitimer(ITIMER_REAL, &soon, nullptr);
    const int fd = ::open(argv[2], O_RDONLY);
    const int error = errno;
    ::unlink(argv[2]);
    return fd < 0 && error == EINTR ? 0 : 1;
  } else if (action == "own-listener") {
    sock_filter allow{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    const sock_fprog filter{1, &allow};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    mark();
    return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter) >= 0 ? 0 : errno;
  } else if (action == "killed") {  // with threads inside the watched call
    static std::atomic<int> begun = 0;
    for (int i = 0; i < 4; i++)
      std::thread([] {
        mark();
        for (begun++;;) mark();
      }).detach();
    while (begun < 4) ::usleep(1000);
    ::kill(::getpid(), SIGKILL);
  } else if (action == "crowd") {  // one task that stops among many that call without end
    for (int i = 0; i < 16; i++)
      std::thread([] {
        for (;;) mark();
      }).detach();
    for (int i = 0; i < 20; i++) {
      const pid_t child = ::fork();
      if (child == 0) ::_exit(0);
      if (::waitpid(child, nullptr, 0) != child) return 1;
    }
    ::_exit(0);
  } else if (action == "many") {  // pairs of system calls, for measuring
    for (int i = 0; i < 20000; i++) mark();
  } else {
    std::fprintf(stderr, "unknown action\n");
    return 2;
  }
  return 0;
}
