// RUN: %spile test %s | FileCheck %s
// Without it, what a program makes of a packet, of its bytes and of its length, could not be tested.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("xdp")
int cut(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 20 > end)
		return XDP_DROP;
	data[0] = 0xee;
	bpf_xdp_adjust_tail(ctx, -4);
	return XDP_PASS;
}

SEC("socket")
int first_bytes(struct __sk_buff *skb)
{
	return skb->mark == 3 ? 16 : 0;
}

char LICENSE[] SEC("license") = "GPL";

// CHECK: ok {{.*}}packets.c:[[#]]: xdp
// CHECK: ok {{.*}}packets.c:[[#]]: socket
// CHECK: 2 passed, 0 failed
//@ !test xdp
//@ +0 xdp packet=hex:0102030405060708090a0b0c08001112131415161718
//@ = ret cut == XDP_PASS
//@ = packet == hex:ee02030405060708090a0b0c080011121314
//@ = length == 18
//@ +0 xdp packet=hex:0102030405060708090a0b0c0800
//@ = ret == XDP_DROP
//@ = length == 0
//@ !test socket
//@ +0 socket packet=hex:0102030405060708090a0b0c08001112131415161718 mark=3
//@ = ret == 16
//@ = length == 16
//@ +0 socket packet=hex:0102030405060708090a0b0c08001112131415161718
//@ = ret < 1
