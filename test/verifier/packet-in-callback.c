// RUN: %python %inputs/exits.py 1 %spile check %s 2>&1 | FileCheck %s
// Without it, what a comparison outside proves in the callback of bpf_loop would stay a riddle: nothing.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
static long wrong_step(__u32 i, void *context) {
  unsigned char *data = (void *)(long)(*(struct xdp_md **)context)->data;
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: error: access to 1 byte at offset 0 of the packet; 0 proven [PacketBounds]
  return data[0] == i;
}
SEC("xdp")
int wrong(struct xdp_md *ctx) {
  unsigned char *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
  if (data + 1 > data_end) return XDP_PASS;
  // CHECK: [[@LINE+2]]:{{[0-9]+}}: note: a comparison made before this call does not hold in the callback
  // CHECK: hint: compare with `data_end` in the callback
  bpf_loop(8, wrong_step, &ctx, 0);
  return XDP_PASS;
}
static long right_step(__u32 i, void *context) {
  struct xdp_md *ctx = *(struct xdp_md **)context;
  unsigned char *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
  if (data + 1 > data_end) return 1;
  return data[0] == i;
}
// CHECK: right (xdp): accepted
SEC("xdp")
int right(struct xdp_md *ctx) {
  bpf_loop(8, right_step, &ctx, 0);
  return XDP_PASS;
}
