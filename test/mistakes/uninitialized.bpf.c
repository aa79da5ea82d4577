// A variable that is read before it has a value.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  int found;
  if (found) // expect: UninitializedRead
    return 1;
  return 0;
}
