// RUN: %clang-bpf -c %s -o %t.o && %spile check -v %t.o 2>&1 | FileCheck %s
// Without it, the check that the hint for buffer-too-small.c proposes might not be enough.
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
  if (length > 64) return 0;
  bpf_probe_read_user(buffer, length, (void *)ctx->args[1]);
  return buffer[3];
}
// CHECK: copy (tracepoint/syscalls/sys_enter_write): accepted
char LICENSE[] SEC("license") = "GPL";
