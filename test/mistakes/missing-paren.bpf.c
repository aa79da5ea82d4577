// A call without its closing parenthesis.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  __u64 id = bpf_get_current_pid_tgid(; // expect: *
  return id != 0;
}
