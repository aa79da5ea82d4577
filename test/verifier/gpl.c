// RUN: %clang-bpf -c %s -o %t.o && %python %inputs/exits.py 1 %spile check %t.o 2>&1 | FileCheck %s
// Without it, a helper that only GPL programs may call would be refused by the kernel alone, after everything seemed well.
// REQUIRES: clang
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct ctx {
  unsigned long long common;
  long id;
  long args[6];
};

SEC("tracepoint/syscalls/sys_enter_kill")
int print(struct ctx *ctx) {
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: error: `bpf_trace_printk` is for programs with a GPL-compatible licence; this one has `MIT`
  bpf_printk("kill");
  // CHECK: hint: add `
  return 0;
}
char licence[] SEC("license") = "MIT";
