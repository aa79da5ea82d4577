// RUN: %spile check %s 2>&1 | FileCheck %s
// Without it, a remainder of a `_Bool` would index memory unchecked: the verifier does not know that it is 0 or 1.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static volatile unsigned short table[2];

SEC("xdp")
int index_by_remainder(struct xdp_md *ctx)
{
	_Bool odd = ctx->rx_queue_index;

	odd %= 5;
	return table[odd];
}

char LICENSE[] SEC("license") = "GPL";
// CHECK: index_by_remainder (xdp): accepted
