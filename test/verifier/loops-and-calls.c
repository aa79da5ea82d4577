// RUN: %clang-bpf -c %s -o %t.o && %spile check -v %t.o 2>&1 | FileCheck %s
// Without it, bounded loops, static and global functions, global data and the code behind a false constant might be refused.
// REQUIRES: clang
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct ctx {
  unsigned long long common;
  long id;
  long args[6];
};

const volatile int debug = 0;
long histogram[64], total;

static __noinline int log2(unsigned long v) {
  int result = 0;
  for (int step = 32; step > 0; step /= 2)
    if (v >> step) {
      result += step;
      v >>= step;
    }
  return result;
}
static __noinline void fill(char *bytes, int n) {
  for (int i = 0; i < 40; i++) bytes[i] = i * n;
}
__noinline int sum(int a, long b) { return a * 2 + (int)b; }

SEC("tracepoint/syscalls/sys_enter_read")
int measure(struct ctx *ctx) {
  char bytes[40];
  fill(bytes, ctx->args[0]);
  int slot = log2(ctx->args[2]);
  if (slot >= 0 && slot < 64) __sync_fetch_and_add(&histogram[slot], 1);
  if (debug) return *(volatile int *)0;
  return sum(slot, total) + bytes[slot & 31];
}
// CHECK: measure (tracepoint/syscalls/sys_enter_read): accepted
// CHECK: instructions, {{[0-9]+}} processed, {{[0-9]+}} states at most, {{[0-9]+}} bytes of stack
char LICENSE[] SEC("license") = "GPL";
