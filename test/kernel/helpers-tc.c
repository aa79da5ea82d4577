// REQUIRES: bpf
// RUN: %python %S/Inputs/agree.py %spile %s --net %S/Inputs/loopback.net --packet %examples/dnsonly.pcap#2
// Packets are reshaped, tagged and summed as the kernel does it: all bytes that are left are compared.
#include "Inputs/agree.c"

SEC("tc") int tails(struct __sk_buff *skb)
{
	__u32 length = skb->len;
	tell(0, bpf_skb_change_tail(skb, length, 0));
	tell(1, bpf_skb_change_tail(skb, length - 4, 0));
	tell(2, skb->len - length);
	tell(3, bpf_skb_change_tail(skb, length + 40, 0));
	tell(4, skb->len - length);
	tell(5, bpf_skb_change_tail(skb, 10, 0));
	tell(6, bpf_skb_change_tail(skb, 13, 0));
	tell(7, bpf_skb_change_tail(skb, 1 << 24, 0));
	tell(8, bpf_skb_change_tail(skb, length, 1));
	tell(9, bpf_skb_change_tail(skb, 40, 0));
	tell(10, skb->len);
	return 0;
}

SEC("tc") int heads(struct __sk_buff *skb)
{
	__u32 length = skb->len;
	tell(0, bpf_skb_change_head(skb, 0, 0));
	tell(1, bpf_skb_change_head(skb, 14, 0));
	tell(2, skb->len - length);
	tell(3, bpf_skb_change_head(skb, 4, 1));
	tell(4, bpf_skb_change_head(skb, 1 << 24, 0));
	tell(5, bpf_skb_change_head(skb, -1, 0));
	tell(6, skb->protocol);
	__u8 bytes[4] = { 1, 2, 3, 4 };
	tell(7, bpf_skb_load_bytes_relative(skb, 0, bytes, 4, BPF_HDR_START_MAC));
	tell_bytes(8, bytes, 4);
	tell(9, bpf_skb_load_bytes_relative(skb, 0, bytes, 4, BPF_HDR_START_NET));
	tell_bytes(10, bytes, 4);
	return 0;
}

SEC("tc") int relative(struct __sk_buff *skb)
{
	__u8 b[8];
	tell(0, bpf_skb_load_bytes_relative(skb, 0, b, 8, BPF_HDR_START_MAC));
	tell_bytes(1, b, 8);
	tell(2, bpf_skb_load_bytes_relative(skb, 4, b, 8, BPF_HDR_START_NET));
	tell_bytes(3, b, 8);
	tell(4, bpf_skb_load_bytes_relative(skb, 4, b, 8, 2));
	tell_bytes(5, b, 8);
	tell(6, bpf_skb_load_bytes_relative(skb, skb->len, b, 8, BPF_HDR_START_MAC));
	tell_bytes(7, b, 8);
	tell(8, bpf_skb_load_bytes_relative(skb, 0x10000, b, 8, BPF_HDR_START_NET));
	tell(9, bpf_skb_load_bytes_relative(skb, -1, b, 8, BPF_HDR_START_NET));
	tell(10, bpf_skb_load_bytes(skb, -1, b, 8));
	tell(11, bpf_skb_load_bytes(skb, skb->len - 8, b, 8));
	tell_bytes(12, b, 8);
	tell(13, bpf_skb_load_bytes(skb, skb->len - 7, b, 8));
	tell_bytes(14, b, 8);
	return 0;
}

SEC("tc") int stored(struct __sk_buff *skb)
{
	__u8 b[8] = { 0xaa, 0xbb, 0xcc, 0xdd, 1, 2, 3, 4 };
	tell(0, bpf_skb_store_bytes(skb, 0, b, 8, 0));
	tell(1, bpf_skb_store_bytes(skb, skb->len - 4, b, 8, 0));
	tell(2, bpf_skb_store_bytes(skb, skb->len - 8, b, 8, BPF_F_RECOMPUTE_CSUM));
	tell(3, bpf_skb_store_bytes(skb, 0, b, 8, 4));
	tell(4, bpf_skb_store_bytes(skb, 0x80000000, b, 8, 0));
	bpf_set_hash(skb, 5);
	tell(5, bpf_skb_store_bytes(skb, 6, b, 2, BPF_F_INVALIDATE_HASH));
	tell(6, skb->hash);
	tell(7, bpf_skb_pull_data(skb, 0));
	tell(8, bpf_skb_pull_data(skb, skb->len));
	tell(9, bpf_skb_pull_data(skb, skb->len + 1));
	return 0;
}

#define IP_CHECK 24
#define UDP_CHECK 40
SEC("tc") int sums(struct __sk_buff *skb)
{
	__u16 zero = 0;
	tell(0, bpf_l3_csum_replace(skb, IP_CHECK, 0x1234, 0x4321, 2));
	tell(1, bpf_l3_csum_replace(skb, IP_CHECK, 0x12345678, 0x87654321, 4));
	tell(2, bpf_l3_csum_replace(skb, IP_CHECK, 0, 0xabcdef, 0));
	tell(3, bpf_l3_csum_replace(skb, IP_CHECK, 1, 0xabcdef, 0));
	tell(4, bpf_l3_csum_replace(skb, IP_CHECK, 1, 2, 3));
	tell(5, bpf_l3_csum_replace(skb, IP_CHECK, 1, 2, 0x10));
	tell(6, bpf_l3_csum_replace(skb, IP_CHECK + 1, 1, 2, 2));
	tell(7, bpf_l3_csum_replace(skb, 0x10000, 1, 2, 2));
	tell(8, bpf_l3_csum_replace(skb, skb->len - 1, 1, 2, 2));
	tell(10, bpf_l4_csum_replace(skb, UDP_CHECK, 0x1234, 0x4321, 2));
	tell(11, bpf_l4_csum_replace(skb, UDP_CHECK, 0x12345678, 0x87654321, 4 | BPF_F_PSEUDO_HDR));
	tell(12, bpf_l4_csum_replace(skb, UDP_CHECK, 0, 77, BPF_F_PSEUDO_HDR));
	tell(13, bpf_l4_csum_replace(skb, UDP_CHECK, 5, 77, 0));
	tell(14, bpf_l4_csum_replace(skb, UDP_CHECK, 5, 77, 0x100));
	tell(15, bpf_l4_csum_replace(skb, UDP_CHECK, 5, 77, 2 | BPF_F_MARK_MANGLED_0));
	bpf_skb_store_bytes(skb, UDP_CHECK, &zero, 2, 0);
	tell(16, bpf_l4_csum_replace(skb, UDP_CHECK, 5, 77, 2 | BPF_F_MARK_MANGLED_0));
	tell(17, bpf_l4_csum_replace(skb, UDP_CHECK, 5, 77, 2 | BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE));
	tell(18, bpf_csum_update(skb, 5));
	tell(19, bpf_csum_level(skb, BPF_CSUM_LEVEL_QUERY));
	tell(20, bpf_csum_level(skb, BPF_CSUM_LEVEL_INC));
	tell(21, bpf_csum_level(skb, BPF_CSUM_LEVEL_DEC));
	tell(22, bpf_csum_level(skb, BPF_CSUM_LEVEL_RESET));
	tell(23, bpf_csum_level(skb, 9));
	return 0;
}

#define IPV4 bpf_htons(0x0800)
static void tag(__u32 at, struct __sk_buff *skb, long result)
{
	tell(at, result);
	tell(at + 1, skb->len);
	tell(at + 2, (__u64)skb->vlan_present << 48 | (__u64)skb->vlan_proto << 32 | skb->vlan_tci);
	tell(at + 3, skb->protocol);
}
SEC("tc") int tags(struct __sk_buff *skb)
{
	tag(0, skb, bpf_skb_vlan_pop(skb));
	tag(4, skb, bpf_skb_vlan_push(skb, bpf_htons(0x8100), 5));
	tag(8, skb, bpf_skb_vlan_push(skb, bpf_htons(0x88a8), 0x2006));
	tag(12, skb, bpf_skb_vlan_push(skb, bpf_htons(0x1234), 7));
	tag(16, skb, bpf_skb_vlan_pop(skb));
	tag(20, skb, bpf_skb_vlan_pop(skb));
	tag(24, skb, bpf_skb_vlan_push(skb, bpf_htons(0x8100), 0xfff));
	tag(28, skb, bpf_skb_vlan_pop(skb));
	tag(32, skb, bpf_skb_vlan_pop(skb));
	tag(36, skb, bpf_skb_vlan_pop(skb));
	return 0;
}
SEC("tc") int two_tags(struct __sk_buff *skb)
{
	tag(0, skb, bpf_skb_vlan_push(skb, bpf_htons(0x8100), 5));
	tag(4, skb, bpf_skb_vlan_push(skb, bpf_htons(0x8100), 6));
	return 0;
}

static void room(__u32 at, struct __sk_buff *skb, long result)
{
	tell(at, result);
	tell(at + 1, skb->len);
	tell(at + 2, skb->protocol);
}
SEC("tc") int rooms(struct __sk_buff *skb)
{
	room(0, skb, bpf_skb_adjust_room(skb, 0, BPF_ADJ_ROOM_NET, 0));
	room(3, skb, bpf_skb_adjust_room(skb, 8, BPF_ADJ_ROOM_NET, 0));
	room(6, skb, bpf_skb_adjust_room(skb, 8, BPF_ADJ_ROOM_MAC, 0));
	room(9, skb, bpf_skb_adjust_room(skb, -8, BPF_ADJ_ROOM_MAC, 0));
	room(12, skb, bpf_skb_adjust_room(skb, -8, BPF_ADJ_ROOM_NET, 0));
	room(15, skb, bpf_skb_adjust_room(skb, -2000, BPF_ADJ_ROOM_NET, 0));
	room(18, skb, bpf_skb_adjust_room(skb, 5000, BPF_ADJ_ROOM_NET, 0));
	room(21, skb, bpf_skb_adjust_room(skb, 8, 2, 0));
	room(24, skb, bpf_skb_adjust_room(skb, 8, BPF_ADJ_ROOM_NET, 1 << 20));
	room(27, skb, bpf_skb_adjust_room(skb, 20, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4));
	room(30, skb, bpf_skb_adjust_room(skb, -20, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_DECAP_L3_IPV4));
	room(33, skb, bpf_skb_adjust_room(skb, 40, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV6));
	room(36, skb, bpf_skb_adjust_room(skb, 40, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 | BPF_F_ADJ_ROOM_ENCAP_L3_IPV4));
	room(39, skb, bpf_skb_adjust_room(skb, 28, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_UDP));
	room(42, skb, bpf_skb_adjust_room(skb, 28, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L4_UDP));
	room(45, skb, bpf_skb_adjust_room(skb, 8, BPF_ADJ_ROOM_NET, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4));
	room(48, skb, bpf_skb_adjust_room(skb, 8, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_NO_CSUM_RESET));
	return 0;
}

SEC("tc") int kinds(struct __sk_buff *skb)
{
	tell(0, bpf_skb_change_type(skb, 2));
	tell(1, bpf_skb_change_type(skb, 3));
	tell(2, skb->pkt_type);
	tell(3, bpf_skb_change_type(skb, 4));
	tell(4, bpf_skb_change_type(skb, 6));
	tell(5, bpf_skb_change_type(skb, 0));
	tell(6, bpf_skb_change_type(skb, 1));
	tell(7, skb->pkt_type);
	tell(8, bpf_set_hash(skb, 0x12345));
	tell(9, skb->hash);
	tell(10, bpf_get_hash_recalc(skb));
	bpf_set_hash_invalid(skb);
	tell(12, skb->hash);
	return 0;
}

SEC("tc") int targets(struct __sk_buff *skb)
{
	struct bpf_redir_neigh next = { .nh_family = 2 };
	tell(0, bpf_redirect(1, 0));
	tell(1, bpf_redirect(1, BPF_F_INGRESS));
	tell(2, bpf_redirect(1, 2));
	tell(3, bpf_redirect_peer(1, 0));
	tell(4, bpf_redirect_peer(1, 1));
	tell(5, bpf_redirect_neigh(1, 0, 0, 0));
	tell(6, bpf_redirect_neigh(1, 0, 0, 1));
	tell(7, bpf_redirect_neigh(1, &next, sizeof(next), 0));
	tell(8, bpf_redirect_neigh(1, &next, 4, 0));
	tell(9, bpf_clone_redirect(skb, 999999, 0));
	tell(10, bpf_clone_redirect(skb, 1, 2));
	return 0;
}

SEC("tc") int around(struct __sk_buff *skb)
{
	struct bpf_xfrm_state state = { .reqid = 5 };
	tell(0, bpf_skb_get_xfrm_state(skb, 0, &state, sizeof(state), 0));
	tell(1, state.reqid);
	tell(2, bpf_skb_get_xfrm_state(skb, 0, &state, sizeof(state), 1));
	tell(3, bpf_get_netns_cookie(0) != 0);
	__u32 length = 0;
	tell(4, bpf_check_mtu(skb, 1, &length, 0, 0));
	tell(5, length);
	length = 70000;
	tell(6, bpf_check_mtu(skb, 1, &length, 0, 0));
	length = 100;
	tell(7, bpf_check_mtu(skb, 1, &length, 5, 0));
	tell(8, length);
	tell(9, bpf_check_mtu(skb, 999999, &length, 5, 0));
	tell(10, bpf_check_mtu(skb, 1, &length, 5, BPF_MTU_CHK_SEGS));
	tell(11, bpf_check_mtu(skb, 1, &length, 5, 8));
	return 0;
}
