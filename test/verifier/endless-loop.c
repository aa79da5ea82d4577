// RUN: %clang-bpf -c %s -o %t.o && %python %inputs/exits.py 1 %spile check %t.o 2>&1 | FileCheck %s
// Without it, a loop that waits for a value which never changes could be accepted, or hang the verifier.
// REQUIRES: clang
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct ctx {
  unsigned long long common;
  long id;
  long args[6];
};

SEC("tracepoint/syscalls/sys_enter_kill")
int wait(struct ctx *ctx) {
  volatile long n = ctx->args[0];
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: error: this loop never ends: nothing that it looks at changes [InfiniteLoop]
  while (n < 100) bpf_get_prandom_u32();
  // CHECK: kernel says: infinite loop detected at insn
  return 0;
}
char LICENSE[] SEC("license") = "GPL";
