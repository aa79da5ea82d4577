#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <spile.h>

SEC("begin")
int begins(void *ctx)
{
	printf("begins\n");
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_kill")
int on_kill(void *ctx)
{
	return 0;
}

SEC("end")
int ends(void *ctx)
{
	printf("ends\n");
	return 0;
}

static long inner(u64 i, void *ctx)
{
	return 0;
}

static long outer(u64 i, void *ctx)
{
	bpf_loop(1 << 23, inner, 0, 0);
	return 0;
}

/* Days. */
SEC("end")
int never_ends(void *ctx)
{
	bpf_loop(1 << 23, outer, 0, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
