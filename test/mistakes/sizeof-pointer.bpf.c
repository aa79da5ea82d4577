// The size of a pointer instead of that of its target.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct event { __u32 pid; char comm[16]; };
struct event event;
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  struct event *e = &event;
  __builtin_memset(e, 0, sizeof(e)); // expect: SizeofPointer
  return 0;
}
