// The TCP connections of a capture: who opened them, how many packets and bytes went each way, how they ended.
//
//     spile run tcpsummary.bpf.c -i tcpsummary.pcap
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <spile.h>
#include <bpf/bpf_endian.h>

struct connection {
	__u32 client, server; /* as the first packet says it */
	__u16 client_port, server_port;
};

struct traffic {
	__u32 packets, sent, received;
	char end; /* 'F': both said so, 'R': reset, '-': still open */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct connection);
	__type(value, struct traffic);
} connections SEC(".maps");

static __always_inline void add(struct traffic *traffic, struct tcphdr *tcp, __u32 length, int is_answer)
{
	traffic->packets++;
	*(is_answer ? &traffic->received : &traffic->sent) += length;
	if (tcp->rst || tcp->fin)
		traffic->end = tcp->rst ? 'R' : 'F';
}

SEC("socket")
int on_packet(struct __sk_buff *skb)
{
	struct traffic *traffic, fresh = { .end = '-' };
	struct iphdr ip;
	struct tcphdr tcp;

	if (skb->protocol != bpf_htons(ETH_P_IP) || bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) < 0)
		return 0;
	if (ip.protocol != IPPROTO_TCP || bpf_skb_load_bytes(skb, ETH_HLEN + ip.ihl * 4, &tcp, sizeof(tcp)) < 0)
		return 0;

	__u32 length = bpf_ntohs(ip.tot_len) - ip.ihl * 4 - tcp.doff * 4;
	struct connection there = { ip.saddr, ip.daddr, tcp.source, tcp.dest };
	struct connection back = { ip.daddr, ip.saddr, tcp.dest, tcp.source };

	traffic = bpf_map_lookup_elem(&connections, &back);
	if (traffic) {
		add(traffic, &tcp, length, 1);
		return 0;
	}
	bpf_map_update_elem(&connections, &there, &fresh, BPF_NOEXIST);
	traffic = bpf_map_lookup_elem(&connections, &there);
	if (traffic)
		add(traffic, &tcp, length, 0);
	return 0;
}

static long show(void *map, struct connection *c, struct traffic *t, void *ctx)
{
	printf("%pI4:%d -> %pI4:%d  %d packets, %d bytes, %d back, %c\n", c->client, bpf_ntohs(c->client_port),
	       c->server, bpf_ntohs(c->server_port), t->packets, t->sent, t->received, t->end);
	return 0;
}

SEC("end")
int summary(void *ctx)
{
	bpf_for_each_map_elem(&connections, show, NULL, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
