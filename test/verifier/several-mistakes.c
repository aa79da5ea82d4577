// RUN: %clang-bpf -c %s -o %t.o && %python %inputs/exits.py 1 %spile check %t.o 2>&1 | FileCheck %s
// Without it, only the first of several independent mistakes would be reported, or one mistake twice.
// REQUIRES: clang
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct ctx {
  unsigned long long common;
  long id;
  long args[6];
};

struct value {
  long count, last;
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, long);
  __type(value, struct value);
} seen SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_kill")
int two(struct ctx *ctx) {
  long key = ctx->args[0];
  struct value *first = bpf_map_lookup_elem(&seen, &key);
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: error: `first` may be NULL here
  first->count++;
  // CHECK-NOT: [[@LINE+1]]:{{[0-9]+}}: error
  first->last = key;
  key++;
  struct value *second = bpf_map_lookup_elem(&seen, &key);
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: error: `second` may be NULL here
  second->count++;
  // CHECK-NOT: error
  return 0;
}
char LICENSE[] SEC("license") = "GPL";
