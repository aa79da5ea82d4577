// A helper that this kind of program does not have.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("xdp")
int drop(struct xdp_md *ctx) {
  char comm[16];
  bpf_skb_load_bytes(ctx, 0, comm, sizeof(comm)); // expect: HelperNotAvailable
  return XDP_PASS;
}
