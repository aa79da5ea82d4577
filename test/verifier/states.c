// RUN: %clang-bpf -c %s -o %t.o && %spile check --states %t.o | FileCheck %s
// Without it, the states that --states prints might not be in the notation of the kernel's log.
// REQUIRES: clang
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct ctx {
  unsigned long long common;
  long id;
  long args[6];
};

// CHECK: clamp: 0: R1=ctx() R10=fp0
// CHECK: clamp: 1: R0=scalar() R1=ctx() R10=fp0
// CHECK: clamp: {{[0-9]+}}: R0=scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))
SEC("tracepoint/syscalls/sys_enter_kill")
int clamp(struct ctx *ctx) { return *(volatile long *)&ctx->args[0] & 255; }
