// The command that child_test.cpp traces where a shell cannot do what is to be seen: threads, names, identities.
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>
#include <thread>
#include <vector>

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
  } else if (action == "many") {  // pairs of system calls, for measuring
    for (int i = 0; i < 20000; i++) mark();
  } else {
    std::fprintf(stderr, "unknown action\n");
    return 2;
  }
  return 0;
}
