// A macro that is spelled wrong.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  bpf_prnitk("opened"); // expect: UndeclaredFunction
  return 0;
}
