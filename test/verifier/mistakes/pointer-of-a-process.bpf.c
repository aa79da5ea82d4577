// Memory of a process is read as if it were the program's.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  const char *path = (const char *)ctx->args[1];
#ifdef MENDED
  char first = 0;
  bpf_probe_read_user(&first, 1, path);
  return first;
#else
  return path[0];  // expect: NotAPointer
#endif
}
