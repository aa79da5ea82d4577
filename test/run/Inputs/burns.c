// Spends 0.3 s of processor time in inner(), which outer() calls.
#include <time.h>

__attribute__((noinline)) long inner(long n) {
  volatile long sum = 0;
  for (long i = 0; i < n; i++) sum += i;
  return sum;
}

__attribute__((noinline)) long outer(long n) { return inner(n) + 1; }

int main(void) {
  struct timespec spent;
  do {
    outer(100000);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  } while (spent.tv_sec == 0 && spent.tv_nsec < 300000000);
  return 0;
}
