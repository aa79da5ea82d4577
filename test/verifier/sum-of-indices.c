// RUN: %python %inputs/exits.py 1 %spile check %s 2>&1 | FileCheck %s
// Without it, an index that is checked as one sum and added as two would lose the advice to make it one.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, char[1024]);
} buffers SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_kill")
int wrong(struct trace_event_raw_sys_enter *ctx) {
  __u32 zero = 0, offset = ctx->args[0], i = ctx->args[1];
  char *buffer = bpf_map_lookup_elem(&buffers, &zero);
  if (!buffer || offset > 1023 || i > 1023) return 0;
  if (offset + i < 1024) {
    buffer += offset;
    asm volatile("" : "+r"(buffer));
    // CHECK: [[@LINE+3]]:{{[0-9]+}}: error: access to 1 byte at offset 2046 of a value of `buffers`, which has 1024 bytes [MapValueBounds]
    // CHECK: note: the offset is in [0, 2046], it must stay in [0, 1023]
    // CHECK: hint: {{.*}}; where it is a sum, compute that once, in one variable, and check that
    buffer[i] = 1;
  }
  return 0;
}
// CHECK: right (tracepoint/syscalls/sys_enter_kill): accepted
SEC("tracepoint/syscalls/sys_enter_kill")
int right(struct trace_event_raw_sys_enter *ctx) {
  __u32 zero = 0, offset = ctx->args[0], i = ctx->args[1];
  char *buffer = bpf_map_lookup_elem(&buffers, &zero);
  if (!buffer) return 0;
  __u32 sum = offset + i;
  if (sum < 1024) buffer[sum] = 1;
  return 0;
}
