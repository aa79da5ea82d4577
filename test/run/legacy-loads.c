// RUN: %run-all %s -i %examples/dnsonly.pcap --pass %t.pcap 2>&1 | FileCheck %s
// Without it, the packet loads of classic BPF could read the wrong bytes, or not end the filter behind the packet's end.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include "bpf_helpers.h"

SEC("socket")
int tcp_only(struct __sk_buff *skb)
{
	if (load_half(skb, 12) != ETH_P_IP)
		return 0;
	if (load_byte(skb, ETH_HLEN + 9) != 6)
		return 0;
	/* past the end of every packet here: the filter ends with 0, and drops it */
	if (skb->len > 75)
		return load_word(skb, 4000);
	return 54;
}

char LICENSE[] SEC("license") = "GPL";

// CHECK: 12 packets: 1 passed, 1 truncated, 11 dropped
