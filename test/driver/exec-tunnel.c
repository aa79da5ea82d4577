// RUN: %spile exec %s --packet 020000000001020000000002080045000014000000004006000000000000000000000000000000 --engine=interp,jit,checked | FileCheck %s
// The tunnel's key and options that a program sets are what it reads back, seen from the other end.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

enum { Ipv6 = 1, ZeroCsum = 2, DontFragment = 4, Seq = 8, NoKey = 16, Flags = 16 };

struct result {
	long set, get, get_flags, other_family, unknown, set_opt, get_opt, small_opt, odd_opt, short_key, no_size;
	struct bpf_tunnel_key key, with_flags;
	__u8 options[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, struct result);
} results SEC(".maps");

SEC("tc")
int tunnel(struct __sk_buff *skb)
{
	struct bpf_tunnel_key key = { .tunnel_id = 77, .remote_ipv4 = 0x0a000001, .local_ipv4 = 0x0a000002, .tunnel_tos = 4,
				      .tunnel_ttl = 64 };
	__u8 options[12] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	__u32 i = 0;
	struct result *r = bpf_map_lookup_elem(&results, &i);

	if (!r)
		return 1;
	r->get = bpf_skb_get_tunnel_key(skb, &r->key, sizeof(r->key), 0);
	r->set_opt = bpf_skb_set_tunnel_opt(skb, options, 8);
	i = 1;
	r = bpf_map_lookup_elem(&results, &i);
	if (!r)
		return 1;
	r->unknown = bpf_skb_set_tunnel_key(skb, &key, sizeof(key), 32);
	r->no_size = bpf_skb_set_tunnel_key(skb, &key, 3, 0);
	r->set = bpf_skb_set_tunnel_key(skb, &key, sizeof(key), DontFragment | Seq);
	r->get = bpf_skb_get_tunnel_key(skb, &r->key, sizeof(r->key), 0);
	r->get_flags = bpf_skb_get_tunnel_key(skb, &r->with_flags, sizeof(r->with_flags), Flags);
	r->other_family = bpf_skb_get_tunnel_key(skb, &key, sizeof(key), Ipv6);
	r->odd_opt = bpf_skb_set_tunnel_opt(skb, options, 7);
	r->set_opt = bpf_skb_set_tunnel_opt(skb, options, 8);
	r->small_opt = bpf_skb_get_tunnel_opt(skb, r->options, 4);
	r->get_opt = bpf_skb_get_tunnel_opt(skb, r->options, sizeof(r->options));
	i = 2;
	r = bpf_map_lookup_elem(&results, &i);
	if (!r)
		return 1;
	key.remote_ipv6[0] = 0x00fd;
	key.remote_ipv6[3] = 0x01000000;
	key.tunnel_id = 5;
	key.tunnel_label = 0x12345;
	r->unknown = bpf_skb_set_tunnel_key(skb, &key, sizeof(key), 0);
	r->set = bpf_skb_set_tunnel_key(skb, &key, sizeof(key), Ipv6 | ZeroCsum | NoKey);
	r->get = bpf_skb_get_tunnel_key(skb, &r->key, sizeof(r->key), Ipv6 | Flags);
	r->get_opt = bpf_skb_get_tunnel_opt(skb, r->options, sizeof(r->options));
	r->short_key = bpf_skb_get_tunnel_key(skb, &key, 8, Ipv6);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// CHECK: 0x0
// CHECK: results[0] = { .set = 0, .get = -22, {{.*}}.set_opt = -22,
// CHECK: results[1] = { .set = 0, .get = 0, .get_flags = 0, .other_family = -71, .unknown = -22, .set_opt = 0, .get_opt = 8, .small_opt = -12, .odd_opt = -22, .short_key = 0, .no_size = -22, .key = { .tunnel_id = 77,
// CHECK: results[2] = { .set = 0, .get = 0, {{.*}}.unknown = -22, {{.*}}.get_opt = -2, {{.*}}.short_key = -22,
