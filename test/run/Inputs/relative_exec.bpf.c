#include "vmlinux.h"
#include <spile.h>

/* As a kernel could have it that counts from the field's end, and has it elsewhere. */
struct trace_event_raw_sched_process_exec___relative {
	struct trace_entry ent;
	pid_t pid;
	pid_t old_pid;
	u32 __rel_loc_filename;
};

SEC("tracepoint/sched/sched_process_exec")
int ex(struct trace_event_raw_sched_process_exec___relative *ctx)
{
	printf("exec %s pid %d\n", ctx_rel_str(ctx, filename), ctx->pid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
