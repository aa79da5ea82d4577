// RUN: %spile exec %s --prog steered --net %S/Inputs/sockets.net --packet 020000000001020000000002080045000014000000004006000000000000000000000000000000 --engine=interp,jit,checked | FileCheck %s --check-prefix=STEERED
// RUN: %spile exec %s --prog grouped --net %S/Inputs/sockets.net --packet 020000000001020000000002080045000014000000004006000000000000000000000000000000 --engine=interp,jit,checked | FileCheck %s --check-prefix=GROUPED
// RUN: %spile exec %s --prog passed_on --engine=interp,jit,checked | FileCheck %s --check-prefix=EMPTY
// A packet could not be given to a socket that --net describes, and a map without sockets would not drop what goes there.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} by_key SEC(".maps");

static struct bpf_sock *listener(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};

	tuple.ipv4.saddr = tuple.ipv4.daddr = bpf_htonl(0x7f000001);
	tuple.ipv4.sport = bpf_htons(5002);
	tuple.ipv4.dport = bpf_htons(8080);
	return bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), -1, 0);
}

// Flags are refused; then the packet has the socket. STEERED: 0x1f903
SEC("tc") int steered(struct __sk_buff *skb)
{
	struct bpf_sock *sk = listener(skb), *own;
	int result = 0;

	if (!sk)
		return -1;
	result |= bpf_sk_assign(skb, sk, 1) == -22;
	result |= (!skb->sk && bpf_sk_assign(skb, sk, 0) == 0) << 1;
	bpf_sk_release(sk);
	own = skb->sk;
	if (!own)
		return -2;
	own = bpf_sk_fullsock(own);
	return own ? own->src_port << 4 | result : -3;
}

// The root is its own ancestor, and there is none below it. GROUPED: 0x1
SEC("cgroup_skb/ingress") int grouped(struct __sk_buff *skb)
{
	struct bpf_sock *sk = listener(skb);

	if (!sk)
		return 0;
	int same = bpf_sk_cgroup_id(sk) == bpf_skb_cgroup_id(skb) && bpf_sk_ancestor_cgroup_id(sk, 0) == 1 &&
		   bpf_sk_ancestor_cgroup_id(sk, 9) == 0;
	bpf_sk_release(sk);
	return same;
}

// EMPTY: 0x0
SEC("sk_skb/stream_verdict") int passed_on(struct __sk_buff *skb)
{
	__u32 key = 1;

	return bpf_sk_redirect_map(skb, &sockets, 1, 0) + bpf_sk_redirect_hash(skb, &by_key, &key, BPF_F_INGRESS) +
	       bpf_sk_redirect_map(skb, &sockets, 1, 8);
}

char LICENSE[] SEC("license") = "GPL";
