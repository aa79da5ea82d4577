// A variable that is spelled wrong.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  __u64 start_time = bpf_ktime_get_ns();
  return start_tmie != 0; // expect: UndeclaredIdentifier
}
