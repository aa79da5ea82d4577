// A signed size is compared with the upper limit alone.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_write")
int probe(struct trace_event_raw_sys_enter *ctx) {
  char buffer[64];
  long length = ctx->args[2];
  if (length > 64) return 0;
#ifdef MENDED
  if (length < 0) return 0;
#endif
  bpf_probe_read_user(buffer, length, (void *)ctx->args[1]);  // expect: *
  return buffer[3];
}
