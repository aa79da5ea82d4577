// A length is masked, but the buffer is shorter than the mask.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_write")
int probe(struct trace_event_raw_sys_enter *ctx) {
  char buffer[70];
  __u64 len = ctx->args[2];
#ifdef MENDED
  if ((len & 16383) > 70) return 0;
#endif
  bpf_probe_read_user(buffer, len & 16383, (void *)ctx->args[1]);  // expect: StackBounds
  return buffer[3];
}
