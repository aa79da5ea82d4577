// A size from outside is not compared with the buffer.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_write")
int probe(struct trace_event_raw_sys_enter *ctx) {
  char buffer[64];
  __u32 length = ctx->args[2];
#ifdef MENDED
  if (length > 64) return 0;
#endif
  bpf_probe_read_user(buffer, length, (void *)ctx->args[1]);  // expect: SizeUnbounded
  return buffer[3];
}
