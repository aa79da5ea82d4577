// An index behind the end of an array.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  int table[4] = {1, 2, 3, 4};
  return table[5]; // expect: IndexOutOfBounds
}
