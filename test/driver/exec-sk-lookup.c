// RUN: %spile exec %s --prog tc --net %S/Inputs/sockets.net --packet 020000000001020000000002080045000014000000004006000000000000000000000000000000 --engine=interp,jit,checked | FileCheck %s
// RUN: %spile exec %s --prog xdp --unverified --net %S/Inputs/sockets.net --packet 020000000001020000000002080045000014000000004006000000000000000000000000000000 --engine=checked,jit | FileCheck %s
// Sockets are found among those that --net describes: what is connected before what listens, the address before any.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

enum { Tcp, Udp, TcpCommon };

struct question {
	__u32 kind, flags;
	__s32 netns;
	__u32 size;
	struct bpf_sock_tuple tuple;
};

#define IP(a, b, c, d) __bpf_constant_htonl((__u32)a << 24 | b << 16 | c << 8 | d)
#define V4(source, sport_, dest, dport_) .netns = -1, .size = 12, .tuple = { .ipv4 = { .saddr = source, .daddr = dest, \
	.sport = __bpf_constant_htons(sport_), .dport = __bpf_constant_htons(dport_) } }
#define V6(sport_, dport_) .netns = -1, .size = 36, .tuple = { .ipv6 = { .saddr = { 0, 0, 0, __bpf_constant_htonl(1) }, \
	.daddr = { 0, 0, 0, __bpf_constant_htonl(1) }, .sport = __bpf_constant_htons(sport_), .dport = __bpf_constant_htons(dport_) } }

const struct question questions[] = {
	/* 0: the connection, both ways; another port of the peer: the listener; no port at all */
	{ .kind = Tcp, V4(IP(127, 0, 0, 1), 5001, IP(127, 0, 0, 1), 8080) },
	{ .kind = Tcp, V4(IP(127, 0, 0, 1), 8080, IP(127, 0, 0, 1), 5001) },
	{ .kind = Tcp, V4(IP(127, 0, 0, 1), 5002, IP(127, 0, 0, 1), 8080) },
	{ .kind = Tcp, V4(IP(127, 0, 0, 1), 5002, IP(127, 0, 0, 1), 8081) },
	/* 4: one that listens everywhere; another address than the listener's; IPv6 that takes IPv4 */
	{ .kind = Tcp, V4(IP(127, 0, 0, 1), 5002, IP(127, 0, 0, 9), 8082) },
	{ .kind = Tcp, V4(IP(127, 0, 0, 1), 5002, IP(127, 0, 0, 9), 8080) },
	{ .kind = Tcp, V4(IP(127, 0, 0, 1), 5002, IP(127, 0, 0, 1), 8083) },
	{ .kind = Tcp, V6(5002, 8083) },
	{ .kind = Tcp, V6(5002, 8082) },
	/* 9: UDP: connected, bound to an address, bound to none */
	{ .kind = Udp, V4(IP(127, 0, 0, 1), 6001, IP(127, 0, 0, 1), 5353) },
	{ .kind = Udp, V4(IP(127, 0, 0, 1), 6002, IP(127, 0, 0, 1), 5353) },
	{ .kind = Udp, V4(IP(127, 0, 0, 1), 6002, IP(127, 0, 0, 2), 5353) },
	{ .kind = Udp, V4(IP(127, 0, 0, 1), 6002, IP(127, 0, 0, 2), 5354) },
	/* 13: what cannot be asked: flags, a namespace, a length */
	{ .kind = Tcp, .flags = 1, V4(IP(127, 0, 0, 1), 5002, IP(127, 0, 0, 1), 8080) },
	{ .kind = TcpCommon, V4(IP(127, 0, 0, 1), 5001, IP(127, 0, 0, 1), 8080) },
};
#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))

struct answer {
	__u32 found, full, listens, stored, bound, family, type, protocol, src_ip4, src_port, dst_ip4, state;
	__u16 dst_port;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 32);
	__type(key, __u32);
	__type(value, struct answer);
} answers SEC(".maps");

/* What a socket keeps is there when it is found again. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} visits SEC(".maps");

static __u32 stored_by(struct bpf_sock *sk)
{
	__u32 first = 40, *kept = bpf_sk_storage_get(&visits, sk, 0, 0);
	__u32 said = kept ? 1 : 0;

	kept = bpf_sk_storage_get(&visits, sk, &first, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!kept)
		return said;
	said += ++*kept;
	if (*kept < 42)
		return said;
	said += bpf_sk_storage_delete(&visits, sk) ? 1000 : 2000;
	return said + (bpf_sk_storage_delete(&visits, sk) == -2) * 10000;
}

static void tell(struct answer *a, struct bpf_sock *sk)
{
	a->found = 1;
	a->bound = sk->bound_dev_if;
	a->family = sk->family;
	a->type = sk->type;
	a->protocol = sk->protocol;
	a->src_ip4 = sk->src_ip4;
	a->src_port = sk->src_port;
	a->dst_ip4 = sk->dst_ip4;
	a->dst_port = sk->dst_port;
	a->state = sk->state;
}

SEC("tc")
int tc(struct __sk_buff *skb)
{
	for (__u32 i = 0; i < QUESTIONS; i++) {
		struct bpf_sock_tuple tuple;
		const struct question *q = &questions[i];
		struct answer *a = bpf_map_lookup_elem(&answers, &i);
		struct bpf_sock *sk, *other;

		if (!a)
			return 1;
		__builtin_memcpy(&tuple, &q->tuple, sizeof(tuple));
		if (q->kind == Udp)
			sk = bpf_sk_lookup_udp(skb, &tuple, q->size == 12 ? 12 : 36, q->netns, q->flags);
		else if (q->kind == Tcp)
			sk = bpf_sk_lookup_tcp(skb, &tuple, q->size == 12 ? 12 : 36, q->netns, q->flags);
		else
			sk = bpf_skc_lookup_tcp(skb, &tuple, q->size == 12 ? 12 : 36, q->netns, q->flags);
		if (!sk)
			continue;
		if (q->kind == TcpCommon) {
			other = bpf_sk_fullsock(sk);
			if (other) {
				a->full = 1;
				tell(a, other);
			}
		} else {
			tell(a, sk);
			if (q->kind == Tcp)
				a->listens = !!bpf_get_listener_sock(sk);
			a->stored = stored_by(sk);
		}
		bpf_sk_release(sk);
	}
	return 0;
}

SEC("xdp")
int xdp(struct xdp_md *ctx)
{
	for (__u32 i = 0; i < QUESTIONS; i++) {
		struct bpf_sock_tuple tuple;
		const struct question *q = &questions[i];
		struct answer *a = bpf_map_lookup_elem(&answers, &i);
		struct bpf_sock *sk;

		if (!a)
			return XDP_DROP;
		__builtin_memcpy(&tuple, &q->tuple, sizeof(tuple));
		if (q->kind == Udp)
			sk = bpf_sk_lookup_udp(ctx, &tuple, q->size == 12 ? 12 : 36, q->netns, q->flags);
		else
			sk = bpf_sk_lookup_tcp(ctx, &tuple, q->size == 12 ? 12 : 36, q->netns, q->flags);
		if (!sk)
			continue;
		tell(a, sk);
		bpf_sk_release(sk);
	}
	return XDP_ABORTED;
}

char LICENSE[] SEC("license") = "GPL";

// CHECK: 0x0
// CHECK: answers[0] = { .found = 1, {{.*}}.src_ip4 = 16777343, .src_port = 8080, .dst_ip4 = 16777343, .state = 1, .dst_port = 35091 }
// CHECK: answers[1] = { .found = 1, {{.*}}.src_port = 5001, .dst_ip4 = 16777343, .state = 1, .dst_port = 36895 }
// CHECK: answers[2] = { .found = 1, {{.*}}.src_port = 8080, .dst_ip4 = 0, .state = 10, .dst_port = 0 }
// CHECK-NOT: answers[3] =
// CHECK: answers[4] = { .found = 1, {{.*}}.src_ip4 = 0, .src_port = 8082,
// CHECK-NOT: answers[5] =
// CHECK: answers[6] = { .found = 1, {{.*}}.family = 10,
// CHECK: answers[7] = { .found = 1, {{.*}}.family = 10,
// CHECK-NOT: answers[8] =
// CHECK: answers[9] = { .found = 1, {{.*}}.type = 2, .protocol = 17, {{.*}}.src_port = 5353, .dst_ip4 = 16777343, .state = 1,
// CHECK: answers[10] = { .found = 1, {{.*}}.src_ip4 = 16777343, .src_port = 5353, .dst_ip4 = 0, .state = 7,
// CHECK-NOT: answers[11] =
// CHECK: answers[12] = { .found = 1, {{.*}}.src_ip4 = 0, .src_port = 5354,
// CHECK-NOT: answers[13] =
