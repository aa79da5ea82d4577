// RUN: %spile exec %s --ctx is_fullsock=1,op=3 --engine=interp,jit | FileCheck %s --check-prefix=FULL
// RUN: %spile exec %s --ctx op=3 | FileCheck %s --check-prefix=NOT-FULL
// The callbacks that a socket asks for stand in its context; those that no kernel has are what is returned.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("sockops")
int ops(struct bpf_sock_ops *ctx)
{
	long unknown = bpf_sock_ops_cb_flags_set(ctx, 0x105);

	return unknown == 0x100 && ctx->bpf_sock_ops_cb_flags == 5;
}

char LICENSE[] SEC("license") = "GPL";

// FULL: 0x1
// NOT-FULL: 0x0
