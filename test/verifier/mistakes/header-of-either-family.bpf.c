// A header pointer is made of one of two, and both may be NULL.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("xdp")
int probe(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  struct iphdr *ipv4 = NULL;
  struct ipv6hdr *ipv6 = NULL;
  struct udphdr *udph;
  if ((void *)(eth + 1) > data_end) return XDP_PASS;
  if (eth->h_proto == 8) {
    ipv4 = (void *)(eth + 1);
    if ((void *)(ipv4 + 1) > data_end) return XDP_PASS;
  } else if (eth->h_proto == 0xdd86) {
    ipv6 = (void *)(eth + 1);
    if ((void *)(ipv6 + 1) > data_end) return XDP_PASS;
  }
#ifdef MENDED
  if (!ipv4 && !ipv6) return XDP_PASS;
#endif
  if (ipv4)
    udph = (void *)(ipv4 + 1);
  else
    udph = (void *)(ipv6 + 1);  // lost
  if ((void *)(udph + 1) > data_end) return XDP_PASS;
  return udph->dest == 53 ? XDP_DROP : XDP_PASS;  // expect: NotAPointer
}
