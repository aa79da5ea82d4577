// How long tasks wait for a processor: from the moment that they could run to the one that they do.
//
//     spile run runqlat.bpf.c -i runqlat.evt
#include "vmlinux.h"
#include <spile_tables.h>

#define RUNNING 0

HIST(microseconds);
SCRATCH(waiting, u64 /* since when */, s32 /* task */);

SEC("tracepoint/sched/sched_wakeup")
int wakeup(struct trace_event_raw_sched_wakeup_template *ctx)
{
	set(waiting, nsecs(), ctx->pid);
	return 0;
}

SEC("tracepoint/sched/sched_wakeup_new")
int wakeup_new(struct trace_event_raw_sched_wakeup_template *ctx)
{
	set(waiting, nsecs(), ctx->pid);
	return 0;
}

SEC("tracepoint/sched/sched_switch")
int switch_to(struct trace_event_raw_sched_switch *ctx)
{
	u64 since = get(waiting, ctx->next_pid);

	/* Who is put aside while it could go on waits again. */
	if (ctx->prev_state == RUNNING && ctx->prev_pid)
		set(waiting, nsecs(), ctx->prev_pid);
	if (!since)
		return 0;
	hist(microseconds, (nsecs() - since) / 1000);
	del(waiting, ctx->next_pid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
