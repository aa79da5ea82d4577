#include "vmlinux.h"
#include <spile.h>
#include <spile_contexts.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int on_open(struct sys_enter_openat *ctx)
{
	printf("%s opens %s\n", comm(), str(ctx->filename));
	return 0;
}
SEC("tracepoint/syscalls/sys_exit_openat")
int on_exit(struct sys_exit *ctx)
{
	printf("= %d\n", ctx->ret);
	return 0;
}
char LICENSE[] SEC("license") = "GPL";
