// RUN: %clang-bpf -c %s -o %t.o && %python %inputs/exits.py 1 %spile check %t.o 2>&1 | FileCheck %s
// Without it, an index that is checked against the wrong limit would not show the range it has and the one it needs.
// REQUIRES: clang
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct ctx {
  unsigned long long common;
  long id;
  long args[6];
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, int);
  __type(value, long[32]);
} counts SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_kill")
int count(struct ctx *ctx) {
  int zero = 0;
  long *slots = bpf_map_lookup_elem(&counts, &zero);
  if (!slots) return 0;
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: error: access to 8 bytes at offset 504 of a value of `counts`, which has 256 bytes [MapValueBounds]
  slots[ctx->args[1] & 63]++;
  // CHECK: note: the offset is in [0, 504], it must stay in [0, 248]
  // CHECK: kernel says: invalid access to map value, value_size=256 off=504 size=8
  // CHECK: hint: check the index before line
  return 0;
}
char LICENSE[] SEC("license") = "GPL";
