// RUN: %spile build %s -o %t.o && %spile check %t.o 2>&1 | FileCheck %s
// A queue has no key: `__uint(key, 0)` says so as well, as libbpf reads it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct {
  __uint(type, BPF_MAP_TYPE_QUEUE);
  __uint(max_entries, 10);
  __uint(key, 0);
  __type(value, __u32);
} queue SEC(".maps");
// CHECK: pushes (socket): accepted
SEC("socket") int pushes(struct __sk_buff *skb) {
  __u32 value = skb->len;
  return bpf_map_push_elem(&queue, &value, 0) == 0;
}
