// A program with probes of its own (USDT), one with a semaphore.
#include <stdio.h>
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

unsigned short shop_guarded_semaphore __attribute__((section(".probes")));
unsigned short shop_sold_semaphore __attribute__((section(".probes")));
unsigned short shop_plain_semaphore __attribute__((section(".probes")));

__attribute__((noinline)) static void sell(int count, const char *what, signed char grade, long *price, int at) {
  STAP_PROBE5(shop, sold, count, what, grade, price[at], 7);
}

int main(void) {
  long prices[] = {100, 250, -3};
  for (volatile int i = 0; i < 3; i++) sell(i - 1, i == 1 ? "tea" : "milk", (signed char)-i, prices, i);
  STAP_PROBE(shop, plain);
  if (shop_guarded_semaphore) {
    puts("somebody listens");
    STAP_PROBE1(shop, guarded, 42);
  }
  return 0;
}
