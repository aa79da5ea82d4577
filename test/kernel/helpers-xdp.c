// REQUIRES: bpf
// RUN: %python %S/Inputs/agree.py %spile %s --net %S/Inputs/loopback.net --packet %examples/dnsonly.pcap#2
// What XDP programs do to a packet, and where they send it, is what the kernel lets them.
#include "Inputs/agree.c"

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} devices SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} cpus SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} hashed SEC(".maps");

#define LENGTH(ctx) ((ctx)->data_end - (ctx)->data)
SEC("xdp") int heads(struct xdp_md *ctx)
{
	tell(0, bpf_xdp_adjust_head(ctx, 0));
	tell(1, LENGTH(ctx));
	tell(2, bpf_xdp_adjust_head(ctx, 4));
	tell(3, LENGTH(ctx));
	tell(4, bpf_xdp_adjust_head(ctx, -12));
	tell(5, LENGTH(ctx));
	tell(6, bpf_xdp_adjust_head(ctx, 5000));
	tell(7, bpf_xdp_adjust_head(ctx, -300));
	tell(8, bpf_xdp_adjust_head(ctx, -208));
	tell(9, bpf_xdp_adjust_head(ctx, -1));
	tell(10, LENGTH(ctx));
	tell(11, bpf_xdp_adjust_head(ctx, LENGTH(ctx) - 14));
	tell(12, bpf_xdp_adjust_head(ctx, 1));
	tell(13, bpf_xdp_get_buff_len(ctx));
	/* the bytes in front are what the kernel keeps there */
	bpf_xdp_adjust_head(ctx, 0);
	return XDP_PASS;
}

SEC("xdp") int tails(struct xdp_md *ctx)
{
	tell(0, bpf_xdp_adjust_tail(ctx, 0));
	tell(1, bpf_xdp_adjust_tail(ctx, -4));
	tell(2, bpf_xdp_get_buff_len(ctx));
	tell(3, bpf_xdp_adjust_tail(ctx, 8));
	tell(4, bpf_xdp_get_buff_len(ctx));
	tell(5, bpf_xdp_adjust_tail(ctx, -4000));
	tell(6, bpf_xdp_adjust_tail(ctx, 1 << 20));
	tell(7, bpf_xdp_adjust_tail(ctx, 14 - (int)LENGTH(ctx)));
	tell(8, bpf_xdp_get_buff_len(ctx));
	tell(9, bpf_xdp_adjust_tail(ctx, -1));
	tell(10, bpf_xdp_adjust_tail(ctx, 100));
	return XDP_TX;
}

SEC("xdp") int metas(struct xdp_md *ctx)
{
	tell(0, ctx->data - ctx->data_meta);
	tell(1, bpf_xdp_adjust_meta(ctx, -4));
	tell(2, ctx->data - ctx->data_meta);
	tell(3, bpf_xdp_adjust_meta(ctx, -2));
	tell(4, bpf_xdp_adjust_meta(ctx, 8));
	tell(5, bpf_xdp_adjust_meta(ctx, -32));
	tell(6, ctx->data - ctx->data_meta);
	tell(7, bpf_xdp_adjust_meta(ctx, -300));
	tell(8, bpf_xdp_adjust_head(ctx, -8));
	tell(9, ctx->data - ctx->data_meta);
	tell(10, bpf_xdp_adjust_meta(ctx, 36));
	tell(11, ctx->data - ctx->data_meta);
	tell(12, bpf_xdp_adjust_meta(ctx, -212));
	tell(13, ctx->data - ctx->data_meta);
	return XDP_PASS;
}

SEC("xdp") int bytes(struct xdp_md *ctx)
{
	__u8 b[8] = { 9, 9, 9, 9, 9, 9, 9, 9 };
	tell(0, bpf_xdp_load_bytes(ctx, 12, b, 8));
	tell_bytes(1, b, 8);
	__builtin_memset(b, 9, 8);
	tell(2, bpf_xdp_load_bytes(ctx, bpf_xdp_get_buff_len(ctx) - 4, b, 8));
	tell_bytes(3, b, 8);
	tell(4, bpf_xdp_load_bytes(ctx, 0x10000, b, 8));
	tell(5, bpf_xdp_load_bytes(ctx, -1, b, 8));
	tell(6, bpf_xdp_store_bytes(ctx, 6, b, 8));
	tell(7, bpf_xdp_store_bytes(ctx, bpf_xdp_get_buff_len(ctx) - 8, b, 8));
	tell(8, bpf_xdp_store_bytes(ctx, bpf_xdp_get_buff_len(ctx) - 7, b, 8));
	tell(9, bpf_xdp_store_bytes(ctx, 0xffff0, b, 8));
	return XDP_PASS;
}

SEC("xdp") int targets(struct xdp_md *ctx)
{
	tell(0, bpf_redirect_map(&devices, 0, 0));
	tell(1, bpf_redirect_map(&devices, 0, XDP_PASS));
	tell(2, bpf_redirect_map(&devices, 5, XDP_TX));
	tell(3, bpf_redirect_map(&devices, 0, 4));
	tell(4, bpf_redirect_map(&devices, 0, BPF_F_BROADCAST));
	tell(5, bpf_redirect_map(&devices, 0, BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS));
	tell(6, bpf_redirect_map(&cpus, 0, XDP_DROP));
	tell(7, bpf_redirect_map(&cpus, 0, BPF_F_BROADCAST));
	tell(8, bpf_redirect_map(&sockets, 0, XDP_PASS));
	tell(9, bpf_redirect_map(&sockets, 7, BPF_F_BROADCAST));
	tell(10, bpf_redirect_map(&hashed, 3, XDP_PASS));
	tell(11, bpf_redirect_map(&hashed, 3, 64));
	tell(12, bpf_redirect(1, 0));
	tell(13, bpf_redirect(1, 1));
	return XDP_PASS;
}

SEC("xdp") int sums(struct xdp_md *ctx)
{
	__be32 a[4] = { 0x12345678, 0xffffffff, 1, 0x80000000 }, b[4] = { 5, 0xabcdef01, 0, 0xffff };
	tell(0, bpf_csum_diff(0, 0, a, 16, 0));
	tell(1, bpf_csum_diff(a, 16, 0, 0, 0));
	tell(2, bpf_csum_diff(a, 16, b, 16, 0));
	tell(3, bpf_csum_diff(a, 16, b, 4, 0xffffffff));
	tell(4, bpf_csum_diff(a, 4, b, 16, 0x1234));
	tell(5, bpf_csum_diff(0, 0, 0, 0, 0x12345678));
	tell(6, bpf_csum_diff(a, 4, a, 4, 0));
	tell(7, bpf_csum_diff(0, 0, b, 12, ~0u));
	return XDP_PASS;
}

SEC("xdp") int limits(struct xdp_md *ctx)
{
	__u32 length = 0;
	tell(0, bpf_check_mtu(ctx, 1, &length, 0, 0));
	tell(1, length);
	length = 70000;
	tell(2, bpf_check_mtu(ctx, 1, &length, 0, 0));
	tell(3, length);
	length = 0;
	tell(4, bpf_check_mtu(ctx, 1, &length, 70000, 0));
	tell(5, length);
	length = 0;
	tell(6, bpf_check_mtu(ctx, 999999, &length, 0, 0));
	tell(7, bpf_check_mtu(ctx, 1, &length, 0, 1));
	tell(8, bpf_check_mtu(ctx, 1, &length, 0, 2));
	length = 0;
	tell(9, bpf_check_mtu(ctx, 1, &length, -10, 0));
	return XDP_PASS;
}
