// An array whose length is a variable.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  int n = ctx->id;
  char buffer[n]; // expect: VariableLengthArray
  return sizeof(buffer);
}
