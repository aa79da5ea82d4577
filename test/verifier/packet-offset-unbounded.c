// RUN: %python %inputs/exits.py 1 %spile check %s 2>&1 | FileCheck %s
// Without it, a comparison with the end of the packet that proves nothing, for the offset is too large, would look as if it did.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
SEC("xdp")
int wrong(struct xdp_md *ctx) {
  unsigned char *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
  if (data + 14 > data_end) return XDP_PASS;
  __u16 offset = *(__u16 *)(data + 12);
  unsigned char *byte = data + offset;
  if (byte + 1 > data_end) return XDP_PASS;
  // CHECK: [[@LINE+3]]:{{[0-9]+}}: error: access to 1 byte at offset 0 of the packet; 0 proven [PacketBounds]
  // CHECK: [[@LINE-2]]:{{[0-9]+}}: note: the comparison with the end of the packet proves nothing: what is added to the pointer may be 65535
  // CHECK: hint: check what is added against a limit before it is added, for example `if (offset > 1500) return 0;`
  return *byte == 7 ? XDP_DROP : XDP_PASS;
}
// CHECK: right (xdp): accepted
SEC("xdp")
int right(struct xdp_md *ctx) {
  unsigned char *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
  if (data + 14 > data_end) return XDP_PASS;
  __u16 offset = *(__u16 *)(data + 12);
  if (offset > 1500) return XDP_PASS;
  unsigned char *byte = data + offset;
  if (byte + 1 > data_end) return XDP_PASS;
  return *byte == 7 ? XDP_DROP : XDP_PASS;
}
