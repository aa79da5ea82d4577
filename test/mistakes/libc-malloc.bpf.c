// malloc, which a kernel program does not have.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  char *p = malloc(16); // expect: UndeclaredFunction
  return p != 0;
}
