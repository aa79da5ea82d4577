// RUN: %clang-bpf -c %s -o %t.o && %python %inputs/exits.py 1 %spile check %t.o 2>&1 | FileCheck %s
// Without it, a signed length from the program's input would be reported without where it comes from.
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
  // CHECK: [[@LINE+5]]:{{[0-9]+}}: error: the size in argument 2 of `bpf_probe_read_user` (`length`) may be negative
  // CHECK: note: it must be at most 64: the memory has 64 bytes
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: note: the number comes from here
  long length = ctx->args[2];
  if (length > 64) return 0;
  bpf_probe_read_user(buffer, length, (void *)ctx->args[1]);
  // CHECK: hint: return before line [[@LINE-1]] where `length < 0 || length > 64`
  return buffer[3];
}
char LICENSE[] SEC("license") = "GPL";
