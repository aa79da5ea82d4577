// strcmp on characters of the kernel.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  char comm[16];
  bpf_get_current_comm(comm, sizeof(comm));
  return strcmp(comm, "bash") == 0; // expect: UndeclaredFunction
}
