// A division by the constant 0.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  return ctx->id / 0; // expect: ConstantDivisor
}
