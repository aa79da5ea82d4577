// What the tests of probes in programs call: functions that recurse, that are left by longjmp(), that threads run.
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBED __attribute__((noinline, used))
static volatile int sink;
static volatile int table[4] = {1, 2, 3, 4};
static jmp_buf out;

PROBED long add(long a, const char *name) {
  sink = a;
  return a + strlen(name);
}
PROBED int factorial(int n) {
  if (n <= 1) return 1;
  sink = factorial(n - 1);
  return n * sink;
}
PROBED void leaver(int n) {
  sink = n;
  longjmp(out, 1);
}
PROBED int leaves_often(int n) {
  if (n >= 0) leaver(n);
  return n;
}
// begins with an access relative to the instruction pointer
PROBED int global(void) { return sink + table[1]; }
PROBED int branches(int n) {
  if (n == 7) return sink;
  return sink + n * 3;
}
static int (*volatile pointer)(void) = global;
PROBED int calls_first(void) { return pointer() + 1; }
PROBED void faults(volatile int *p) { *p = 1; }
static int *volatile nowhere;
static sigjmp_buf back;
static void on_fault(int s) {
  (void)s;
  siglongjmp(back, 1);
}
static void *work(void *arg) {
  long sum = 0;
  for (long i = 0; i < 500; i++) sum += branches((int)i) != -1;
  return (void *)sum;
}

static volatile int ticks;
static void on_tick(int s) {
  (void)s;
  ticks++;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "add";
  if (!strcmp(what, "add")) printf("%ld\n", add(40, "ab"));
  if (!strcmp(what, "factorial")) printf("%d\n", factorial(5));
  if (!strcmp(what, "longjmp")) {
    for (volatile int i = 0; i < 5; i++)
      if (!setjmp(out)) leaves_often(i);
    printf("%d\n", leaves_often(-3));
  }
  if (!strcmp(what, "rip")) {
    sink = 5;
    printf("%d %d\n", global(), calls_first());
  }
  if (!strcmp(what, "threads")) {
    pthread_t t[4];
    long sum = 0;
    void *r;
    for (int i = 0; i < 4; i++) pthread_create(&t[i], 0, work, 0);
    for (int i = 0; i < 4; i++) {
      pthread_join(t[i], &r);
      sum += (long)r;
    }
    printf("%ld\n", sum);
  }
  if (!strcmp(what, "fork")) {
    for (int i = 0; i < 3; i++) {
      fflush(stdout);
      pid_t p = fork();
      if (!p) _exit((int)add(i, "child"));
      int s;
      waitpid(p, &s, 0);
      printf("%d\n", WEXITSTATUS(s));
    }
    add(9, "parent");
  }
  if (!strcmp(what, "vfork")) {
    pid_t p = vfork();
    if (!p) {
      sink = (int)add(1, "vfork");
      _exit(3);
    }
    int s;
    waitpid(p, &s, 0);
    printf("%d\n", WEXITSTATUS(s));
    add(2, "after");
  }
  if (!strcmp(what, "exec")) {
    add(1, "before");
    execl("/proc/self/exe", argv[0], "add", (char *)0);
  }
  if (!strcmp(what, "fault")) {
    signal(SIGSEGV, on_fault);
    for (volatile int i = 0; i < 3; i++)
      if (!sigsetjmp(back, 1)) faults(nowhere);
    int v;
    faults(&v);
    printf("%d\n", v);
  }
  if (!strcmp(what, "signals")) {
    struct itimerval often = {{0, 300}, {0, 300}};
    signal(SIGALRM, on_tick);
    setitimer(ITIMER_REAL, &often, 0);
    long sum = 0;
    for (int i = 0; i < 3000; i++) sum += branches(i) - sink;
    printf("%ld %d\n", sum, ticks > 0);
  }
  if (!strcmp(what, "trap")) {
    signal(SIGTRAP, on_tick);
    raise(SIGTRAP);
    __asm__ volatile("int3");
    printf("%d\n", ticks);
  }
  if (!strcmp(what, "many")) {
    for (long i = 0; i < 20000; i++) sink = branches((int)i);
  }
  return 0;
}
