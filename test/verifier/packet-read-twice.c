// RUN: %python %inputs/exits.py 1 %spile check %s 2>&1 | FileCheck %s
// Without it, a pointer that is read again behind the comparison would be blamed as if nothing had been compared.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
SEC("tc")
int wrong(struct __sk_buff *skb) {
  if ((void *)(long)skb->data + sizeof(struct ethhdr) > (void *)(long)skb->data_end) return 0;
  struct ethhdr *eth = (void *)(long)*(volatile __u32 *)&skb->data;
  // CHECK: [[@LINE+4]]:{{[0-9]+}}: error: access to 2 bytes at offset 12 of the packet; 0 proven [PacketBounds]
  // CHECK: [[@LINE-3]]:{{[0-9]+}}: note: the comparison here is of another pointer
  // CHECK: [[@LINE-3]]:{{[0-9]+}}: note: this one was read from the context later, and each such read gives a new pointer
  // CHECK: hint: read `data` once, and compare and use that pointer
  return eth->h_proto == 8;
}
// CHECK: right (tc): accepted
SEC("tc")
int right(struct __sk_buff *skb) {
  struct ethhdr *eth = (void *)(long)skb->data;
  if ((void *)(eth + 1) > (void *)(long)skb->data_end) return 0;
  return eth->h_proto == 8;
}
