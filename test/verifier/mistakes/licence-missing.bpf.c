// A helper for GPL programs is called by one without a licence.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#ifdef MENDED
char LICENSE[] SEC("license") = "GPL";
#endif
SEC("tracepoint/syscalls/sys_enter_write")
int probe(struct trace_event_raw_sys_enter *ctx) {
  char name[16];
  return bpf_probe_read_kernel(name, 16, (void *)ctx->args[1]);  // expect: HelperNeedsGpl
}
