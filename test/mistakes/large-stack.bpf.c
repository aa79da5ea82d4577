// An array that does not fit into the stack.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  char path[1024]; // expect: StackObjectTooLarge
  bpf_probe_read_user_str(path, sizeof(path), (void *)ctx->args[1]);
  return path[0];
}
