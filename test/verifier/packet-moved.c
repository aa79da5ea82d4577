// RUN: %python %inputs/exits.py 1 %spile check %s 2>&1 | FileCheck %s
// Without it, a helper that takes away what was proven of the packet would not be named.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
SEC("tc")
int wrong(struct __sk_buff *skb) {
  if ((void *)(long)skb->data + sizeof(struct ethhdr) > (void *)(long)skb->data_end) return 0;
  if (bpf_skb_pull_data(skb, 34)) return 0;
  struct ethhdr *eth = (void *)(long)skb->data;
  // CHECK: [[@LINE+3]]:{{[0-9]+}}: error: access to 2 bytes at offset 12 of the packet; 0 proven [PacketBounds]
  // CHECK: [[@LINE-3]]:{{[0-9]+}}: note: `bpf_skb_pull_data` may move the packet: what was proven of it before is lost here
  // CHECK: hint: read `data` and `data_end` again behind that call, and compare them again
  return eth->h_proto == 8;
}
// CHECK: right (tc): accepted
SEC("tc")
int right(struct __sk_buff *skb) {
  if (bpf_skb_pull_data(skb, 34)) return 0;
  struct ethhdr *eth = (void *)(long)skb->data;
  if ((void *)(eth + 1) > (void *)(long)skb->data_end) return 0;
  return eth->h_proto == 8;
}
