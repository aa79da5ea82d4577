// Signals that processes send with kill() and tgkill(), to whom, and whether they were taken.
//
//     spile run sigsnoop.bpf.c -c "sh -c 'sleep 9 & kill -TERM \$!'"
#include "vmlinux.h"
#include <spile_tables.h>
#include <spile_contexts.h>

struct sent {
	int signal, to;
};

SCRATCH(sending, struct sent, u32 /* thread */);

SEC("tracepoint/syscalls/sys_enter_kill")
int kill_begins(struct sys_enter_kill *ctx)
{
	struct sent sent = { ctx->sig, ctx->pid };

	set(sending, sent, tid());
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_tgkill")
int tgkill_begins(struct sys_enter_tgkill *ctx)
{
	struct sent sent = { ctx->sig, ctx->pid };

	set(sending, sent, tid());
	return 0;
}

static __always_inline int ends(struct sys_exit *ctx)
{
	u32 thread = tid();
	struct sent *sent = bpf_map_lookup_elem(&sending, &thread);

	if (!sent)
		return 0;
	printf("%-7d %-12s sends %2d to %d: %pe\n", pid(), comm(), sent->signal, sent->to, ctx->ret);
	bpf_map_delete_elem(&sending, &thread);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_kill")
int kill_ends(struct sys_exit *ctx)
{
	return ends(ctx);
}

SEC("tracepoint/syscalls/sys_exit_tgkill")
int tgkill_ends(struct sys_exit *ctx)
{
	return ends(ctx);
}

char LICENSE[] SEC("license") = "GPL";

//@ +1us  tracepoint:syscalls:sys_enter_kill    pid=100 comm="sh" ctx.pid=7 sig=SIGTERM
//@ +1us  tracepoint:syscalls:sys_exit_kill     pid=100 comm="sh" ret=0
//@ =     out "100     sh           sends 15 to 7: 0\n"
//@ +1us  tracepoint:syscalls:sys_enter_tgkill  pid=100 comm="sh" tgid=8 ctx.pid=9 sig=0
//@ +1us  tracepoint:syscalls:sys_exit_tgkill   pid=100 comm="sh" ret=-ESRCH
//@ =     out "100     sh           sends  0 to 9: -ESRCH\n"
//@ =     elements sending == 0
