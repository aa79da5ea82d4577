// A format with more conversions than arguments.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  bpf_printk("%d %d", 1); // expect: FormatArguments
  return 0;
}
