// RUN: %clang-bpf -c %s -o %t.o && %python %inputs/exits.py 1 %spile check %t.o 2>&1 | FileCheck %s
// Without it, a loop of too many turns would not name the loop and how often it was gone round.
// REQUIRES: clang
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct ctx {
  unsigned long long common;
  long id;
  long args[6];
};

SEC("tracepoint/syscalls/sys_enter_kill")
int spin(struct ctx *ctx) {
  long sum = 0;
  // CHECK: error: the program takes more than 1000000 steps to verify [TooComplex]
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: note: the loop through this line was gone round {{[0-9]+}} times on this path
  for (long i = 0; i < 10000000; i++) sum += bpf_get_prandom_u32();
  return sum;
}
char LICENSE[] SEC("license") = "GPL";
