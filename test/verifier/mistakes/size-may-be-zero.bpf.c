// A size may be 0, and the helper takes none.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_write")
int probe(struct trace_event_raw_sys_enter *ctx) {
  char buffer[64] = {};
  __u32 length = ctx->args[2];
  if (length > 64) return 0;
#ifdef MENDED
  if (length < 1) return 0;
#endif
  return bpf_trace_printk(buffer, length);  // expect: SizeZero
}
