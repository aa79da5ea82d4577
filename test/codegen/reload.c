// RUN: %spile build %s --emit=asm -o - | FileCheck %s
// Of six values that live across calls four have registers. What a call gives is checked where it is, not loaded again
// from the frame that it was put into; what one block has loaded, one that is reached from it alone does not load
// again.
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 8);
  __type(key, int);
  __type(value, long);
} table SEC(".maps");

// CHECK-LABEL: sum:
// CHECK: *(u64 *)(r10 - [[CTX:[0-9a-fx]+]]) = r1
// CHECK: call {{.*}}bpf_map_lookup_elem
// CHECK-NEXT: *(u64 *)(r10 - [[AT:[0-9a-fx]+]]) = r0
// CHECK-NEXT: if r0 != 0x0
// CHECK: = *(u64 *)(r10 - [[CTX]])
// CHECK-NOT: (r10 - [[CTX]])
SEC("xdp")
int sum(struct xdp_md *ctx) {
  long *v[6];
#pragma unroll
  for (int i = 0; i < 6; i++) {
    int key = i;
    v[i] = bpf_map_lookup_elem(&table, &key);
    if (!v[i]) return 0;
  }
  if (ctx->ingress_ifindex == 7) return ctx->rx_queue_index + *v[5];
  return *v[0] + *v[1] * 3 + *v[2] * 5 + *v[3] * 7 + *v[4] * 9 + *v[5] * 11;
}
char _license[] SEC("license") = "GPL";
