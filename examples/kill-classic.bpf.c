// Who is being killed, in the style of 2021: a legacy map, and a context struct written out from
// /sys/kernel/tracing/events/syscalls/sys_enter_kill/format.
#include <linux/bpf.h>
#include <stdlib.h>
#include "bpf_helpers.h"

struct bpf_map_def SEC("maps") kill_map = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(long),
	.value_size = sizeof(char),
	.max_entries = 64,
};

struct syscalls_enter_kill_args {
	unsigned short common_type;
	unsigned char common_flags;
	unsigned char common_preempt_count;
	int common_pid;
	long syscall_nr;
	long pid;
	long sig;
};

SEC("tracepoint/syscalls/sys_enter_kill")
int kill_probe(struct syscalls_enter_kill_args *ctx)
{
	long key;
	char value = 1;

	if (ctx->sig != 9)
		return 0;

	key = labs(ctx->pid);
	bpf_map_update_elem(&kill_map, &key, &value, BPF_NOEXIST);
	return 0;
}

char _license[] SEC("license") = "GPL";

//@ +0us  tracepoint:syscalls:sys_enter_kill  pid=100 comm="sh"   ctx.pid=-7 sig=SIGKILL
//@ =     map kill_map[7] == 1
//@ +0us  tracepoint:syscalls:sys_enter_kill  pid=100 comm="sh"   ctx.pid=8 sig=SIGHUP
//@ =     map kill_map[8] == none
