// RUN: %spile dump --html %s | FileCheck %s
// Without it, the page could call a program rejected that the verifier cannot judge.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct {
  __uint(type, 99);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} of_the_future SEC(".maps");
SEC("xdp")
int probe(struct xdp_md *ctx) {
  __u32 key = 0;
  return bpf_map_delete_elem(&of_the_future, &key) ? XDP_DROP : XDP_PASS;
}
// CHECK: <small>xdp</small> <small class="cannot judge">cannot judge</small>
// CHECK: maps of type 99
