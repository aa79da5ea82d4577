// A function declared with one type and defined with another.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
static int twice(int n);
static long twice(long n) { return 2 * n; } // expect: ConflictingTypes
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  return twice(ctx->id);
}
