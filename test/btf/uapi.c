// RUN: %spile build %s -o %t.o && %spile dump %t.o | FileCheck %s
// The uapi headers need no -I, can be mixed with libc's, and their records have no relocations.
#include <linux/bpf.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_vlan.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/perf_event.h>
#include <linux/bpf_perf_event.h>
#include <linux/pkt_cls.h>
#include <linux/ptrace.h>
#include <linux/stddef.h>
#include <linux/tcp.h>
#include <linux/types.h>
#include <linux/udp.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

_Static_assert(sizeof(struct iphdr) == 20 && sizeof(struct ipv6hdr) == 40 && sizeof(struct tcphdr) == 20, "headers");
_Static_assert(ETH_P_IP == 0x0800 && IPPROTO_TCP == 6 && AF_INET6 == 10 && EPERM == 1 && TC_ACT_SHOT == 2, "constants");

SEC("tc")
int on_packet(struct __sk_buff *skb)
{
	struct iphdr *ip = (void *)(long)skb->data + sizeof(struct ethhdr);

	if ((void *)(ip + 1) > (void *)(long)skb->data_end)
		return TC_ACT_SHOT;
	return ip->protocol == IPPROTO_UDP ? TC_ACT_OK : TC_ACT_UNSPEC;
}
// CHECK: on_packet
// CHECK-NOT: CO-RE
