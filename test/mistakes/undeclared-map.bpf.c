// A map that nobody has declared.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  __u32 key = 1;
  __u64 *n = bpf_map_lookup_elem(&count, &key); // expect: UndeclaredIdentifier
  return n != 0;
}
