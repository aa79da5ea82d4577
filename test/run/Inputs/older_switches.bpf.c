#include "vmlinux.h"
#include <spile.h>

// The record as another kernel lays it out.
struct trace_event_raw_sched_switch_older {
	struct trace_entry ent;
	char prev_comm[16];
	long prev_pid;
	char next_comm[16];
	unsigned short preempted;
	pid_t next_pid;
};

SEC("tracepoint/sched/sched_switch")
int on_switch(struct trace_event_raw_sched_switch_older *ctx)
{
	printf("older: %s %ld -> %s %d, %d\n", ctx->prev_comm, ctx->prev_pid, ctx->next_comm, ctx->next_pid, ctx->preempted);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
