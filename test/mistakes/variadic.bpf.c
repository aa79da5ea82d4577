// A function with a variable number of arguments.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
int sum(int n, ...) { return n; } // expect: VariadicDefinition
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  return 0;
}
