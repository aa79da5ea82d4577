// RUN: %spile exec %s --prog tc --net %S/Inputs/fib.net --packet 020000000001020000000002080045000014000000004006000000000000000000000000000000 --engine=interp,jit,checked | FileCheck %s
// RUN: %spile exec %s --prog xdp --net %S/Inputs/fib.net --packet 020000000001020000000002080045000014000000004006000000000000000000000000000000 --engine=interp,jit | FileCheck %s --check-prefix=XDP
// RUN: %spile exec %s --prog tc --packet 020000000001020000000002080045000014000000004006000000000000000000000000000000 | FileCheck %s --check-prefix=NONE
// bpf_fib_lookup answers from the network that --net describes, as a kernel with these tables does.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define AF_INET 2
#define AF_INET6 10

enum { Direct = 1, Output = 2, SkipNeigh = 4, Tbid = 8, Src = 16, Mark = 32 };

struct question {
	__u8 family, protocol;
	__u16 tot_len, dport;
	__u8 tos;
	__u32 ifindex, flags, table, mark;
	__u32 src[4], dst[4];
};

#define V4(a, b, c, d) { __bpf_constant_htonl(a << 24 | b << 16 | c << 8 | d) }
#define V6(a, b, last) { __bpf_constant_htonl((__u32)a << 16 | b), 0, 0, __bpf_constant_htonl(last) }
#define V6LONG(a, b, c, last) { __bpf_constant_htonl((__u32)a << 16 | b), __bpf_constant_htonl((__u32)c << 16), 0, __bpf_constant_htonl(last) }

const struct question questions[] = {
	/* 0: a neighbour; a gateway; the lower metric; the longer prefix; by IPv6; nobody knows the gateway */
	{ .family = AF_INET, .ifindex = 11, .dst = V4(10, 1, 0, 7) },
	{ .family = AF_INET, .ifindex = 10, .dst = V4(10, 20, 1, 1) },
	{ .family = AF_INET, .ifindex = 10, .dst = V4(10, 20, 30, 1) },
	{ .family = AF_INET, .ifindex = 10, .dst = V4(10, 21, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .dst = V4(10, 22, 0, 1) },
	{ .family = AF_INET, .ifindex = 11, .dst = V4(10, 1, 0, 8) },
	/* 6: routes that lead nowhere; an address of this machine; none */
	{ .family = AF_INET, .ifindex = 10, .dst = V4(10, 31, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .dst = V4(10, 32, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .dst = V4(10, 33, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .dst = V4(10, 34, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .dst = V4(10, 2, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .dst = V4(192, 168, 0, 1) },
	/* 12: MTUs: the interface's, a locked one, one that is not */
	{ .family = AF_INET, .ifindex = 10, .tot_len = 1401, .dst = V4(10, 20, 30, 1) },
	{ .family = AF_INET, .ifindex = 10, .tot_len = 1400, .dst = V4(10, 20, 30, 1) },
	{ .family = AF_INET, .ifindex = 10, .tot_len = 1001, .dst = V4(10, 23, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .tot_len = 1001, .dst = V4(10, 24, 0, 1) },
	/* 16: flags: the neighbour is not asked; the source; another table; a table that is none; by an interface */
	{ .family = AF_INET, .ifindex = 10, .flags = SkipNeigh, .dst = V4(10, 22, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .flags = Src, .dst = V4(10, 20, 30, 1) },
	{ .family = AF_INET, .ifindex = 10, .flags = Src, .dst = V4(10, 23, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .flags = Direct | Tbid, .table = 100, .dst = V4(10, 41, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .flags = Direct | Tbid, .table = 77, .dst = V4(10, 41, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .flags = Direct, .dst = V4(10, 41, 0, 1) },
	{ .family = AF_INET, .ifindex = 11, .flags = Output, .dst = V4(10, 20, 1, 1) },
	{ .family = AF_INET, .ifindex = 11, .flags = Output, .dst = V4(10, 41, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .flags = 64, .dst = V4(10, 41, 0, 1) },
	/* 25: rules: the mark, only where it is asked for; the source; the port */
	{ .family = AF_INET, .ifindex = 10, .flags = Mark, .mark = 5, .dst = V4(10, 41, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .mark = 5, .dst = V4(10, 41, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .src = V4(10, 9, 0, 1), .dst = V4(10, 41, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .protocol = 6, .dport = 81, .dst = V4(10, 41, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .protocol = 6, .dport = 82, .dst = V4(10, 41, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .tos = 0x10, .dst = V4(10, 25, 0, 1) },
	{ .family = AF_INET, .ifindex = 10, .tos = 0x20, .dst = V4(10, 25, 0, 1) },
	/* 32: no such interface, no such family */
	{ .family = AF_INET, .ifindex = 99, .dst = V4(10, 1, 0, 7) },
	{ .family = 3, .ifindex = 10, .dst = V4(10, 1, 0, 7) },
	/* 34: IPv6 */
	{ .family = AF_INET6, .ifindex = 10, .dst = V6(0xfd00, 0x20, 1) },
	{ .family = AF_INET6, .ifindex = 10, .dst = V6LONG(0xfd00, 0x21, 1, 1) },
	{ .family = AF_INET6, .ifindex = 10, .dst = V6LONG(0xfd00, 0x21, 2, 1) },
	{ .family = AF_INET6, .ifindex = 10, .dst = V6(0xfd00, 0x31, 1) },
	{ .family = AF_INET6, .ifindex = 10, .dst = V6(0xfd00, 0x32, 1) },
	{ .family = AF_INET6, .ifindex = 10, .dst = V6(0xfd00, 0x33, 1) },
	{ .family = AF_INET6, .ifindex = 10, .dst = V6(0xfd00, 0x40, 1) },
	{ .family = AF_INET6, .ifindex = 10, .flags = Mark, .mark = 7, .dst = V6(0xfd00, 0x40, 1) },
	{ .family = AF_INET6, .ifindex = 10, .flags = Direct | Tbid, .table = 100, .dst = V6(0xfd00, 0x40, 1) },
	{ .family = AF_INET6, .ifindex = 10, .flags = Src, .dst = V6(0xfd00, 0x20, 1) },
	{ .family = AF_INET6, .ifindex = 10, .tot_len = 1401, .dst = V6(0xfd00, 0x20, 1) },
	{ .family = AF_INET6, .ifindex = 10, .dst = V6(0xfe80, 0, 1) },
	{ .family = AF_INET6, .ifindex = 10, .dst = V6(0xff02, 0, 1) },
	{ .family = AF_INET6, .ifindex = 10, .flags = SkipNeigh, .dst = V6LONG(0xfd00, 0x21, 1, 1) },
	{ .family = AF_INET6, .ifindex = 10, .dst = V6(0xfd00, 0x77, 1) },
	{ .family = AF_INET6, .ifindex = 11, .flags = Output, .dst = V6(0xfd00, 0x20, 1) },
};
#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))

struct answer {
	int result;
	__u16 mtu;
	__u8 family;
	__u32 ifindex, metric, src[4], dst[4], vlan;
	__u8 smac[6], dmac[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct answer);
} answers SEC(".maps");

static void ask(void *ctx)
{
	for (__u32 i = 0; i < QUESTIONS; i++) {
		const struct question *q = &questions[i];
		struct bpf_fib_lookup p = {};
		struct answer *a;

		a = bpf_map_lookup_elem(&answers, &i);
		if (!a)
			return;
		p.family = q->family;
		p.l4_protocol = q->protocol;
		p.tot_len = q->tot_len;
		p.dport = bpf_htons(q->dport);
		p.ifindex = q->ifindex;
		if (q->family == AF_INET)
			p.tos = q->tos;
		__builtin_memcpy(p.ipv6_src, q->src, sizeof(q->src));
		__builtin_memcpy(p.ipv6_dst, q->dst, sizeof(q->dst));
		p.tbid = q->table;
		p.mark = q->mark;
		a->result = bpf_fib_lookup(ctx, &p, sizeof(p), q->flags);
		a->mtu = p.mtu_result;
		a->family = p.family;
		a->ifindex = p.ifindex;
		a->metric = p.rt_metric;
		__builtin_memcpy(a->src, p.ipv6_src, sizeof(a->src));
		__builtin_memcpy(a->dst, p.ipv6_dst, sizeof(a->dst));
		a->vlan = p.tbid;
		__builtin_memcpy(a->smac, p.smac, sizeof(a->smac));
		__builtin_memcpy(a->dmac, p.dmac, sizeof(a->dmac));
	}
}

SEC("tc")
int tc(struct __sk_buff *skb)
{
	ask(skb);
	return 0;
}

SEC("xdp")
int xdp(struct xdp_md *ctx)
{
	ask(ctx);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";

// CHECK: 0x0
// CHECK: answers[1] = { .result = 0, .mtu = 1500, .family = 2, .ifindex = 10, .metric = 3, {{.*}}.smac = [2, 0, 0, 0, 0, 16], .dmac = [2, 0, 0, 0, 1, 7] }
// CHECK: answers[3] = { .result = 0, .mtu = 1400, .family = 10,
// CHECK: answers[4] = { .result = 7,
// CHECK: answers[6] = { .result = 1,
// CHECK: answers[7] = { .result = 2,
// CHECK: answers[8] = { .result = 3,
// CHECK: answers[11] = { .result = 4,
// CHECK: answers[12] = { .result = 8, .mtu = 1400,
// CHECK: answers[14] = { .result = 8, .mtu = 1000,
// CHECK: answers[17] = {{.*}}.src = [16777482, 0, 0, 0]
// CHECK: answers[24] = { .result = -22,
// CHECK: answers[25] = { .result = 0, {{.*}}.ifindex = 11
// CHECK: answers[26] = { .result = 0, {{.*}}.ifindex = 10
// CHECK: answers[32] = { .result = -19,
// CHECK: answers[33] = { .result = -97,
// CHECK: answers[34] = { .result = 0, .mtu = 1400, .family = 10, .ifindex = 11, .metric = 9,

// XDP: 0x2
// XDP: answers[0] = { .result = 0,

// NONE: 0x0
// NONE: answers[0] = { .result = 4,
