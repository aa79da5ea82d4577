// A function that calls itself.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
static __attribute__((noinline)) int factorial(int n) {
  return n <= 1 ? 1 : n * factorial(n - 1); // expect: Recursion
}
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  return factorial(ctx->id);
}
