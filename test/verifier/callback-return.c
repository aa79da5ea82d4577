// RUN: %clang-bpf -c %s -o %t.o && %python %inputs/exits.py 1 %spile check %t.o 2>&1 | FileCheck %s
// Without it, a callback that returns something other than 0 or 1 would pass here and fail in the kernel.
// REQUIRES: clang
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct ctx {
  unsigned long long common;
  long id;
  long args[6];
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, long);
  __type(value, long);
} seen SEC(".maps");

static long each(void *map, const void *key, void *value, void *context) {
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: error: the callback returns {{.*}}, which must be in [0, 1] [CallbackReturn]
  return *(long *)value;
  // CHECK: hint: return 0 to go on, 1 to stop
}

SEC("tracepoint/syscalls/sys_enter_kill")
int walk(struct ctx *ctx) { return bpf_for_each_map_elem(&seen, each, 0, 0); }
char LICENSE[] SEC("license") = "GPL";
