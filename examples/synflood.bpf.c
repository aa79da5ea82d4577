// Drops the connection attempts of an address that makes too many: SYNs without ACK, more than `limit` in a second.
//
//     spile run synflood.bpf.c -i tcpsummary.pcap -G limit=1
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <spile.h>
#include <bpf/bpf_endian.h>

#define SECOND 1000000000ull

OPTION(int, limit, 16, "attempts of one address in a second that pass");

struct attempts {
	__u64 since;
	__u32 count, dropped;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32); /* address */
	__type(value, struct attempts);
} sources SEC(".maps");

static __always_inline int is_attempt(struct xdp_md *ctx, __u32 *from)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_TCP)
		return 0;
	if (ip->ihl != 5 || (void *)(tcp + 1) > end)
		return 0; /* with options: let the stack decide */
	*from = ip->saddr;
	return tcp->syn && !tcp->ack;
}

SEC("xdp")
int limit_attempts(struct xdp_md *ctx)
{
	struct attempts *known, first = { .since = nsecs(), .count = 1 };
	__u32 from;

	if (!is_attempt(ctx, &from))
		return XDP_PASS;
	known = bpf_map_lookup_elem(&sources, &from);
	if (!known || first.since - known->since >= SECOND) {
		first.dropped = known ? known->dropped : 0;
		bpf_map_update_elem(&sources, &from, &first, BPF_ANY);
		return XDP_PASS;
	}
	if (known->count < limit) {
		__sync_fetch_and_add(&known->count, 1);
		return XDP_PASS;
	}
	__sync_fetch_and_add(&known->dropped, 1);
	return XDP_DROP;
}

static long show(void *map, __u32 *address, struct attempts *seen, void *ctx)
{
	if (seen->dropped)
		printf("%pI4: %d dropped\n", *address, seen->dropped);
	return 0;
}

SEC("end")
int report(void *ctx)
{
	bpf_for_each_map_elem(&sources, show, NULL, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
