// The start of the packet is read from the context again behind the comparison.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tc")
int probe(struct __sk_buff *skb) {
  if ((void *)(long)skb->data + sizeof(struct ethhdr) > (void *)(long)skb->data_end) return 0;  // lost
  struct ethhdr *eth = (void *)(long)*(volatile __u32 *)&skb->data;
#ifdef MENDED
  if ((void *)(eth + 1) > (void *)(long)skb->data_end) return 0;
#endif
  return eth->h_proto == 8;  // expect: PacketBounds
}
