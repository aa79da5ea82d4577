// RUN: %clang-bpf -c %s -o %t.o && %spile check -v %t.o 2>&1 | FileCheck %s
// Without it, walking a map with a callback that writes to a local of its caller might be refused, or its turns never converge.
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

static long add(void *map, const void *key, void *value, void *context) {
  long *sum = context;
  *sum += *(long *)value + *(const long *)key;
  return *sum > 1000;
}

SEC("tracepoint/syscalls/sys_enter_kill")
int walk(struct ctx *ctx) {
  long sum = 0;
  bpf_for_each_map_elem(&seen, add, &sum, 0);
  return sum;
}
// CHECK: walk (tracepoint/syscalls/sys_enter_kill): accepted
char LICENSE[] SEC("license") = "GPL";
