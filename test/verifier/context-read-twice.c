// RUN: %python %inputs/exits.py 1 %spile check %s 2>&1 | FileCheck %s --implicit-check-not=discard
// Without it, who compared a member of the context with NULL, and then read it again, would be told to compare it, or
// to discard a record of a ring buffer that is not there.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, u64);
} counts SEC(".maps");
SEC("iter/task")
int twice(struct bpf_iter__task *ctx) {
  if (!ctx->task)
    return 0;
  u32 zero = 0;
  u64 *count = bpf_map_lookup_elem(&counts, &zero);
  // CHECK: [[@LINE+5]]:{{[0-9]+}}: error: {{.*}} may be NULL here [NullDereference]
  // CHECK: [[@LINE+4]]:{{[0-9]+}}: note: it is read a second time here
  // CHECK: [[@LINE-6]]:{{[0-9]+}}: note: the comparison with NULL here is of what was read before
  // CHECK: hint: read it once, into a variable; compare that with NULL, and use it from there on
  if (count)
    *count += ctx->task->pid;
  return 0;
}
char LICENSE[] SEC("license") = "GPL";
