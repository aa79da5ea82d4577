// The comparison with the end of the packet counts the bytes by hand, one too few.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("xdp")
int probe(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
#ifdef MENDED
  if (data + 14 > data_end) return XDP_PASS;
#else
  if (data + 13 > data_end) return XDP_PASS;  // lost
#endif
  struct ethhdr *eth = data;
  return eth->h_proto == 8 ? XDP_DROP : XDP_PASS;  // expect: PacketBounds
}
