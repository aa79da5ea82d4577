// The packet is read without a comparison with its end.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("xdp")
int probe(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
#ifdef MENDED
  if ((void *)(eth + 1) > data_end) return XDP_PASS;
#endif
  return eth->h_proto == 8 ? XDP_DROP : XDP_PASS;  // expect: PacketBounds
}
