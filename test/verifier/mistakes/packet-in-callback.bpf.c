// The packet is compared before bpf_loop(), and accessed in its callback.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
static long step(__u32 i, void *context) {
  unsigned char *data = (void *)(long)(*(struct xdp_md **)context)->data;
#ifdef MENDED
  if ((void *)(data + 1) > (void *)(long)(*(struct xdp_md **)context)->data_end) return 1;
#endif
  return data[0] == i;  // expect: PacketBounds
}
SEC("xdp")
int probe(struct xdp_md *ctx) {
  unsigned char *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
  if (data + 1 > data_end) return XDP_PASS;
  bpf_loop(8, step, &ctx, 0);  // lost
  return XDP_PASS;
}
