// RUN: %run-all %s | FileCheck %s
// RUN: %clang-bpf -fsyntax-only %s
// What an operator or a function of <stdatomic.h> does to an _Atomic object is one instruction, and gives what C says.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <stdatomic.h>

static atomic_int count = 10;
static _Atomic unsigned long bits = 6;
static void *_Atomic last;

SEC("syscall") int main_program(void *ctx) {
  // CHECK: steps 10 12 12 11 11
  int old = count++, now = ++count, before = count--, after = --count + 1;
  bpf_printk("steps %d %d %d %d %d", old, now, before, after, atomic_load(&count) + 1);
  // CHECK-NEXT: changes 15 7 4 5 14
  int added = count += 5;
  bpf_printk("changes %d %lu %lu %lu %lu", added, bits |= 1, bits &= 12, bits ^= 1, (bits -= 1) + 10);
  int expected = 15;
  bool first = atomic_compare_exchange_strong(&count, &expected, 20);
  bool second = atomic_compare_exchange_weak(&count, &expected, 30);
  // CHECK-NEXT: exchange 1 0 20 20 7
  bpf_printk("exchange %d %d %d %d %d", first, second, expected, atomic_exchange(&count, 7), count);
  // CHECK-NEXT: fetch 7 9 8 1
  int a = atomic_fetch_add(&count, 2), b = atomic_fetch_sub_explicit(&count, 1, memory_order_relaxed), c = count;
  atomic_store(&last, ctx);
  bpf_printk("fetch %d %d %d %d", a, b, c, last == ctx);
  return 0;
}

_Static_assert(sizeof(atomic_short) == 2 && atomic_is_lock_free(&count), "plain sizes");
char LICENSE[] SEC("license") = "GPL";
