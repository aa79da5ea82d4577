// Processes that fork until they are killed, in the middle of it now and then: how do their children end?
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

__attribute__((noinline, used)) int add(int n) {
  __asm__ volatile("");
  return n + 5;
}

int main(void) {
  int good = 0, bad = 0;
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (int i = 0; i < 200; i++) {
    const pid_t parent = fork();
    while (parent == 0) {
      const pid_t child = fork();
      if (child == 0) _exit(add(1));
      waitpid(child, NULL, 0);
    }
    nanosleep(&(struct timespec){0, 500000 + rand() % 2000000}, NULL);
    kill(parent, SIGKILL);
    int status;
    for (pid_t child; (child = wait(&status)) > 0;)
      if (child != parent) *(WIFEXITED(status) && WEXITSTATUS(status) == 6 ? &good : &bad) += 1;
  }
  printf("%s, %d ended otherwise\n", good > 0 ? "orphans" : "no orphans", bad);
  return 0;
}
