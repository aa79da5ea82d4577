// RUN: %spile build -S %s -o - | FileCheck %s
// RUN: %spile check %s
// The kernel forgets the number in a variable of 4 bytes that shares 8 with another one, or is their upper half: a loop
// that counts in such a variable, because a helper is given its address, would never end for it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u32);
} table SEC(".maps");

// CHECK-LABEL: alone:
// CHECK: *(u32 *)(r10 - 0x8) = 0x0
SEC("xdp") int alone(struct xdp_md *ctx) {
  for (__u32 key = 0; key < 4; key++) bpf_map_delete_elem(&table, &key);
  return XDP_PASS;
}

// What no loop compares shares its 8 bytes with its like.
// CHECK-LABEL: beside:
// CHECK-DAG: *(u32 *)(r10 - 0x8) = 0x0
// CHECK-DAG: *(u32 *)(r10 - 0xc) =
// CHECK-DAG: *(u32 *)(r10 - 0x10) =
SEC("xdp") int beside(struct xdp_md *ctx) {
  for (__u32 key = 0; key < 4; key++) {
    __u32 value = ctx->rx_queue_index, other = ctx->ingress_ifindex;
    bpf_map_update_elem(&table, &key, &value, 0);
    bpf_map_update_elem(&table, &key, &other, 0);
  }
  return XDP_PASS;
}

// CHECK-LABEL: narrow:
// CHECK: *(u16 *)(r10 - 0x8) = 0x0
SEC("xdp") int narrow(struct xdp_md *ctx) {
  int sum = 0;
  for (__u16 count = 0; count < 4; count++) sum += bpf_trace_printk((const char *)&count, sizeof(count));
  return sum == 0 ? XDP_DROP : XDP_PASS;
}
// What counts along and ends nothing is better forgotten: each of its numbers would be another state.
// CHECK-LABEL: along:
// CHECK: *(u32 *)(r10 - 0x4) = 0x0
SEC("xdp") int along(struct xdp_md *ctx) {
  __u32 key = 0;
  for (int i = 0; i < 1000; i++) {
    if (bpf_get_prandom_u32() & 1) continue;
    bpf_map_delete_elem(&table, &key);
    key++;
  }
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
