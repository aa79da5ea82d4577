#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <spile.h>
#include <spile_contexts.h>

/* Two programs of one event, which read the same memory and more of it. */
SEC("tracepoint/syscalls/sys_enter_openat")
int first(struct sys_enter_openat *ctx)
{
	char name[8];

	if (bpf_probe_read_user_str(name, sizeof(name), ctx->filename) > 0)
		printf("first %s\n", name);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int second(struct sys_enter_openat *ctx)
{
	char name[32];

	if (bpf_probe_read_user_str(name, sizeof(name), ctx->filename) > 0)
		printf("second %s\n", name);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
