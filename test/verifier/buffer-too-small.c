// RUN: %clang-bpf -c %s -o %t.o && %python %inputs/exits.py 1 %spile check %t.o 2>&1 | FileCheck %s
// Without it, a length that can exceed its buffer would lose the numbers and the check that fixes it.
// REQUIRES: clang
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct ctx {
  unsigned long long common;
  long id;
  long args[6];
};

SEC("tracepoint/syscalls/sys_enter_write")
int copy(struct ctx *ctx) {
  char buffer[64];
  unsigned long length = ctx->args[2] & 127;
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: error: access to 127 bytes at offset -64 of the stack frame
  bpf_probe_read_user(buffer, length, (void *)ctx->args[1]);
  // CHECK: note: `bpf_probe_read_user` writes [0, 127] bytes there; at most 64 fit
  // CHECK: hint: return before line [[@LINE-2]] where `length > 64`
  return buffer[3];
}
char LICENSE[] SEC("license") = "GPL";
