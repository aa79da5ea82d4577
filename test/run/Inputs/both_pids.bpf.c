#include "vmlinux.h"
#include <spile.h>

/* Fields that lie elsewhere, and are of other sizes, than in the recordings of event_file.py. */
struct trace_event_raw_sched_switch___pids {
	struct trace_entry ent;
	int padding[8];
	int prev_pid;
	int next_pid;
};

SEC("tracepoint/sched/sched_switch")
int on_switch(struct trace_event_raw_sched_switch___pids *ctx)
{
	printf("%d -> %d\n", ctx->prev_pid, ctx->next_pid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
