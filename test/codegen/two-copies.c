// RUN: %spile build %s --emit=asm -o - | FileCheck %s
// A function that two branches inline has variables of its own in each copy. They are one place in the frame, so the ends
// of the branches are alike, and are there once.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 8);
  __type(key, int);
  __type(value, long);
} results SEC(".maps");

static __always_inline int keep(long value) {
  int key = 0;
  return bpf_map_update_elem(&results, &key, &value, 0);
}

// CHECK-COUNT-1: call {{.*}}bpf_map_update_elem
// CHECK-NOT: bpf_map_update_elem
SEC("xdp")
int kept(struct xdp_md *ctx) {
  if (ctx->ingress_ifindex == 1) return keep(ctx->rx_queue_index);
  return keep(77);
}
char _license[] SEC("license") = "GPL";
