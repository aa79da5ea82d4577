// Three threads call turn() until the input ends.
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static volatile int sink, stop;

__attribute__((noinline)) int turn(int n) {
  sink = n;
  return n + 1;
}

static void *work(void *failed) {
  while (!stop) {
    for (int i = 0; i < 100; i++)
      if (turn(i) != i + 1) *(int *)failed = 1;
    usleep(100);
  }
  return failed;
}

int main(void) {
  int failed[3] = {0};
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], 0, work, &failed[i]);
  puts("ready");
  fflush(stdout);
  for (char byte; read(0, &byte, 1) == 1;) continue;
  stop = 1;
  for (int i = 0; i < 3; i++) pthread_join(threads[i], 0);
  puts(failed[0] + failed[1] + failed[2] == 0 ? "all turns were right" : "a turn went wrong");
  return 0;
}
