// A helper that may move the packet takes away what was compared.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tc")
int probe(struct __sk_buff *skb) {
  struct ethhdr *eth = (void *)(long)skb->data;
  if ((void *)(eth + 1) > (void *)(long)skb->data_end) return 0;
  if (bpf_skb_pull_data(skb, 34)) return 0;  // lost
#ifdef MENDED
  eth = (void *)(long)skb->data;
  if ((void *)(eth + 1) > (void *)(long)skb->data_end) return 0;
#endif
  return eth->h_proto == 8;  // expect: NotAPointer
}
