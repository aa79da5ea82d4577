// Which programs are started, by whom, with which arguments, and what came of it.
//
//     spile run execsnoop.bpf.c -c "sh -c '/bin/true; env ls /'"
#include "vmlinux.h"
#include <spile_tables.h>
#include <spile_contexts.h>

#define SHOWN 6 /* arguments */

struct start {
	struct spile_comm parent;
	struct spile_string argument[SHOWN];
	u32 arguments;
};
SCRATCH(starting, struct start, u32 /* thread */);

SEC("tracepoint/syscalls/sys_enter_execve")
int begins(struct sys_enter_execve *ctx)
{
	static struct start start; /* too large for the stack */
	const char *const *argv = ctx->argv;
	u32 thread = tid();

	start.parent = comm();
	start.arguments = 0;
	for (int i = 0; i < SHOWN; i++) {
		const char *argument = NULL;

		bpf_probe_read_user(&argument, sizeof(argument), &argv[i]);
		if (!argument)
			break;
		bpf_probe_read_user_str(&start.argument[i], sizeof(start.argument[i]), argument);
		start.arguments = i + 1;
	}
	bpf_map_update_elem(&starting, &thread, &start, BPF_ANY);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_execve")
int ends(struct sys_exit *ctx)
{
	u32 thread = tid();
	struct start *start = bpf_map_lookup_elem(&starting, &thread);

	if (!start)
		return 0;
	printf("%-7d %-12s", pid(), start->parent);
	for (u32 i = 0; i < SHOWN && i < start->arguments; i++)
		printf(" %s", start->argument[i]);
	if (ctx->ret < 0)
		printf(" = %pe", ctx->ret);
	printf("\n");
	bpf_map_delete_elem(&starting, &thread);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

//@ !test a program with an argument
//@ +0us   tracepoint:syscalls:sys_enter_execve  pid=100 comm="sh" filename="/bin/ls" argv=0x1000 mem:0x1000=hex:002000000000000000300000000000000000000000000000 mem:0x2000="ls" mem:0x3000="/tmp"
//@ +90us  tracepoint:syscalls:sys_exit_execve   pid=100 comm="ls" ret=0
//@ =      out "100     sh           ls /tmp\n"
//@
//@ !test one that is not there, and arguments that cannot be read
//@ +0us   tracepoint:syscalls:sys_enter_execve  pid=101 comm="env" filename="/bin/sl" argv=0x9000
//@ +9us   tracepoint:syscalls:sys_exit_execve   pid=101 comm="env" ret=-ENOENT
//@ =      out "101     env          = -ENOENT\n"
//@ =      elements starting == 0
