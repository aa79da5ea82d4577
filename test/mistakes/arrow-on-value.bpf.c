// -> on a structure.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct my_key { __u32 a, b; };
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  struct my_key k = {1, 2};
  return k->a; // expect: ArrowOnValue
}
