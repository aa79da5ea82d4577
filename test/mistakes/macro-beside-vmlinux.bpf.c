// A constant that only a macro has, and BTF not.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
char LICENSE[] SEC("license") = "GPL";
SEC("socket")
int filter(struct __sk_buff *skb) {
  return skb->protocol == bpf_htons(ETH_P_IP) ? -1 : 0; // expect: UndeclaredIdentifier
}
