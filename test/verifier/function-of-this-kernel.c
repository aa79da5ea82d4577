// RUN: %clang-bpf -c %s -o %t.o && %spile check %t.o 2>&1 | FileCheck %s
// Without it, programs on functions of the kernel could only be judged by who knows that --btf=host tells their arguments.
// REQUIRES: clang, kernel-btf
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
// CHECK: enter (fentry/do_unlinkat): accepted (by the types of this machine's kernel)
SEC("fentry/do_unlinkat")
int enter(unsigned long long *ctx) {
  (void)*(volatile unsigned long long *)ctx;
  return 0;
}
char licence[] SEC("license") = "GPL";
