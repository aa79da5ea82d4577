// RUN: %python %inputs/exits.py 1 %spile check %s 2>&1 | FileCheck %s
// Without it, a header that starts as NULL on one path would be called a number, and bpf_probe_read() advised.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
static __always_inline int port(struct xdp_md *ctx, int leave) {
  void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  struct iphdr *ipv4 = NULL;
  struct ipv6hdr *ipv6 = NULL;
  struct udphdr *udph;
  if ((void *)(eth + 1) > data_end) return 0;
  if (eth->h_proto == 8) {
    ipv4 = (void *)(eth + 1);
    if ((void *)(ipv4 + 1) > data_end) return 0;
  } else if (eth->h_proto == 0xdd86) {
    ipv6 = (void *)(eth + 1);
    if ((void *)(ipv6 + 1) > data_end) return 0;
  }
  if (ipv4)
    udph = (void *)(ipv4 + 1);
  else if (ipv6 || !leave)
    udph = (void *)(ipv6 + 1);
  else
    return 0;
  if ((void *)(udph + 1) > data_end) return 0;
  // CHECK: [[@LINE+2]]:{{[0-9]+}}: error: `udph` is read or written through, but it is NULL + 40 on this path [NotAPointer]
  // CHECK: hint: the pointer that it is made of is NULL on this path: return before, where that pointer is NULL
  return udph->dest == 53 ? XDP_DROP : XDP_PASS;
}
SEC("xdp")
int wrong(struct xdp_md *ctx) { return port(ctx, 0); }
// CHECK: right (xdp): accepted
SEC("xdp")
int right(struct xdp_md *ctx) { return port(ctx, 1); }
