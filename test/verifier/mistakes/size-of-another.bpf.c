// A helper is given more bytes than the variable has.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  char comm[16];
#ifdef MENDED
  bpf_get_current_comm(comm, sizeof(comm));
#else
  bpf_get_current_comm(comm, 64);  // expect: StackBounds
#endif
  return comm[0];
}
