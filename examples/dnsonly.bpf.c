// A socket filter that passes DNS over UDP (IPv4 and IPv6, port 53 on either side) and drops the rest.
//
//     spile run dnsonly.bpf.c -i dnsonly.pcap --pass dns.pcap
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define DNS_PORT 53
#define PASS (-1) /* the whole packet */
#define DROP 0
#define FRAGMENT_OFFSET 0x1fff

static __always_inline int is_dns(struct __sk_buff *skb, __u32 offset)
{
	struct udphdr udp;

	if (bpf_skb_load_bytes(skb, offset, &udp, sizeof(udp)) < 0)
		return 0;
	return udp.source == bpf_htons(DNS_PORT) || udp.dest == bpf_htons(DNS_PORT);
}

SEC("socket")
int dns_only(struct __sk_buff *skb)
{
	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		struct iphdr ip;

		if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) < 0)
			return DROP;
		if (ip.protocol != IPPROTO_UDP || (ip.frag_off & bpf_htons(FRAGMENT_OFFSET)))
			return DROP;
		return is_dns(skb, ETH_HLEN + ip.ihl * 4) ? PASS : DROP;
	}
	if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr ip6;

		if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip6, sizeof(ip6)) < 0)
			return DROP;
		if (ip6.nexthdr != IPPROTO_UDP)
			return DROP;
		return is_dns(skb, ETH_HLEN + sizeof(ip6)) ? PASS : DROP;
	}
	return DROP;
}

char LICENSE[] SEC("license") = "GPL";

//@ !test a DNS question passes whole
//@ +0us  socket  packet=@dnsonly.pcap#2
//@ =     ret == -1
//@
//@ !test what is no UDP is dropped
//@ +0us  socket  packet=hex:ffffffffffff0000000000000806
//@ =     ret dns_only == 0
//@ =     length == 0
