// RUN: %python %inputs/exits.py 1 %spile check %s 2>&1 | FileCheck %s
// Without it, who forgot the comparison with the end of the packet would not be told which one.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
SEC("xdp")
int wrong(struct xdp_md *ctx) {
  struct ethhdr *eth = (void *)(long)ctx->data;
  // CHECK: [[@LINE+2]]:{{[0-9]+}}: error: access to 2 bytes at offset 12 of the packet; 0 proven [PacketBounds]
  // CHECK: hint: add `if ((void *)(eth + 1) > (void *)(long)ctx->data_end) return 0;` before line [[@LINE+1]]
  return eth->h_proto == 8;
}
SEC("xdp")
int short_by_one(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
  if (data + 13 > data_end) return 0;
  // CHECK: [[@LINE+2]]:{{[0-9]+}}: error: access to 2 bytes at offset 12 of the packet; 13 proven [PacketBounds]
  // CHECK: hint: let the comparison with the end of the packet cover 14 bytes, not 13
  return ((struct ethhdr *)data)->h_proto == 8;
}
// CHECK: right (xdp): accepted
SEC("xdp")
int right(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
  if (data + 14 > data_end) return 0;
  return ((struct ethhdr *)data)->h_proto == 8;
}
