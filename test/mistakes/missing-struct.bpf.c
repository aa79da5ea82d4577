// A type without the word `struct`.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(trace_event_raw_sys_enter *ctx) { // expect: *
  return 0;
}
