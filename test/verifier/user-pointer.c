// RUN: %clang-bpf -c %s -o %t.o && %python %inputs/exits.py 1 %spile check %t.o 2>&1 | FileCheck %s
// Without it, reading through a pointer of the traced process would not lead to bpf_probe_read_user().
// REQUIRES: clang
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct ctx {
  unsigned long long common;
  long id;
  long args[6];
};

SEC("tracepoint/syscalls/sys_enter_openat")
int first_letter(struct ctx *ctx) {
  const char *path = (const char *)ctx->args[1];
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: error: `path` is read or written through, but it is a number [NotAPointer]
  return path[0];
  // CHECK: kernel says: R1 invalid mem access 'scalar'
  // CHECK: hint: {{.*}}`bpf_probe_read_user()`
}
char LICENSE[] SEC("license") = "GPL";
