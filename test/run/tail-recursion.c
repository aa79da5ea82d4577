// RUN: %run-all %s | FileCheck %s
// RUN: %spile build --emit=asm %s | FileCheck %s --check-prefix=ASM
// A function whose last deed is to call itself is a loop, as clang makes one of it, and not a recursion.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

static __always_inline int sum(int n, int so_far) { return n == 0 ? so_far : sum(n - 1, so_far + n); }

static __noinline unsigned gcd(unsigned a, unsigned b) {
  if (b == 0)
    return a;
  return gcd(b, a % b);
}

static int visits;
static void visit(int from, int to) {
  visits += from;
  if (from >= to)
    return;
  visit(from + 1, to);
}

SEC("syscall") int main_program(void *ctx) {
  visit(1, 4);
  // CHECK: 55 6 10
  bpf_printk("%d %u %d", sum(10, 0), gcd(54, 24), visits);
  return 0;
}
// ASM-NOT: call <gcd>
// ASM: call 0x6
char LICENSE[] SEC("license") = "GPL";
