// A jump to a label that is computed.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  void *next = &&done; // expect: ComputedGoto
  if (ctx->id)
    return 1;
done:
  return 0;
}
