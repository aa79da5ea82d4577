// What is added to the packet may be larger than any packet, and the comparison proves nothing.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("xdp")
int probe(struct xdp_md *ctx) {
  unsigned char *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
  if (data + 14 > data_end) return XDP_PASS;
  __u16 off = *(__u16 *)(data + 12);
#ifdef MENDED
  if (off > 1500) return XDP_PASS;
#endif
  unsigned char *byte = data + off;
  if (byte + 1 > data_end) return XDP_PASS;  // lost
  return *byte == 7 ? XDP_DROP : XDP_PASS;  // expect: PacketBounds
}
