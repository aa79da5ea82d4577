// A semicolon behind an `if`.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  if (ctx->id == 1); // expect: EmptyBody
    return 1;
  return 0;
}
