#include "vmlinux.h"
#include <spile_tables.h>
#include <bpf/bpf_endian.h>

COUNT(ports, u16);

SEC("tc")
int udp_ports(struct __sk_buff *skb)
{
	bool is_six = skb->protocol == bpf_htons(0x86dd);
	u16 port = 0;

	if (!is_six && skb->protocol != bpf_htons(0x0800))
		return 0;
	bpf_skb_load_bytes(skb, 14 + (is_six ? 40 : 20) + 2, &port, 2);
	count(ports, bpf_ntohs(port));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
