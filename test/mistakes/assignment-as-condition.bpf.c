// = in a condition.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  int id = ctx->id;
  if (id = 1) // expect: AssignmentAsCondition
    return 0;
  return id;
}
