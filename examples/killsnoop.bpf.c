// Who killed whom: every SIGKILL that a process sends, one line each when the trace ends.
//
//     spile run killsnoop.bpf.c -c "sh -c 'sleep 60 & kill -9 \$!'"
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <spile.h>

#define SIGKILL 9

struct kill_event {
	u32 killer;
	u32 uid;
	u64 time_ns;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, pid_t);
	__type(value, struct kill_event);
} kills SEC(".maps");

SEC("tp/syscalls/sys_enter_kill")
int on_kill(struct trace_event_raw_sys_enter *ctx)
{
	struct kill_event event = {};
	pid_t target = ctx->args[0];

	if (ctx->args[1] != SIGKILL)
		return 0;
	event.killer = bpf_get_current_pid_tgid() >> 32;
	event.uid = bpf_get_current_uid_gid();
	event.time_ns = bpf_ktime_get_ns();
	bpf_get_current_comm(event.comm, sizeof(event.comm));
	bpf_map_update_elem(&kills, &target, &event, BPF_ANY);
	return 0;
}

static long print_kill(void *map, const pid_t *target, struct kill_event *event, void *ctx)
{
	printf("%s (pid %d, uid %d) killed pid %d\n", event->comm, event->killer, event->uid, *target);
	return 0;
}

SEC("end")
int report(void *ctx)
{
	bpf_for_each_map_elem(&kills, print_kill, NULL, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

//@ !test a SIGKILL is remembered, another signal is not
//@ +0us  tracepoint:syscalls:sys_enter_kill  pid=100 uid=1000 comm="sh"   ctx.pid=7 sig=SIGTERM
//@ =     elements kills == 0
//@ +5us  tracepoint:syscalls:sys_enter_kill  pid=100 uid=1000 comm="sh"   ctx.pid=7 sig=SIGKILL
//@ =     map kills[7] == { .killer = 100, .uid = 1000, .time_ns = 5000, .comm = "sh" }
//@ !end
//@ =     out "sh (pid 100, uid 1000) killed pid 7\n"
//@
//@ !test a map that is full loses a kill
//@ fault map_update_elem = -E2BIG @2
//@ +1us  tracepoint:syscalls:sys_enter_kill  pid=100 comm="sh"   ctx.pid=7 sig=SIGKILL
//@ +1us  tracepoint:syscalls:sys_enter_kill  pid=100 comm="sh"   ctx.pid=8 sig=SIGKILL
//@ =     map kills[8] == none
//@ =     elements kills == 1
