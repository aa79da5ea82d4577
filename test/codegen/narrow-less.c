// RUN: %spile build -S %s -o - | FileCheck %s
// RUN: %spile check %s
// What becomes less by one is not made more by 255: a verifier's range of it would grow in each round of a loop, so that
// no round looked like one before.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

// CHECK-LABEL: left:
// CHECK: w[[LEFT:[0-9]+]] += -0x1
// CHECK-NOT: 0xff{{$}}
// CHECK: w{{[0-9]+}} &= 0xff
SEC("xdp") int left(struct xdp_md *ctx) {
  __u8 left = ctx->rx_queue_index;
  for (int i = 0; i < 100; i++) {
    if (bpf_get_prandom_u32() == 7) left--;
    if (left == 0) return XDP_DROP;
  }
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
