#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <spile.h>

/* A kernel that notes one thing more, where the text lies in what an older one recorded. */
struct trace_event_raw_sched_process_exec___longer {
	struct trace_entry ent;
	u32 __data_loc_filename;
	pid_t pid;
	pid_t old_pid;
	int more;
};

SEC("tracepoint/sched/sched_process_exec")
int ex(struct trace_event_raw_sched_process_exec___longer *ctx)
{
	char name[32];

	bpf_probe_read_kernel_str(name, sizeof(name), (void *)ctx + (ctx->__data_loc_filename & 0xffff));
	printf("%s pid %d more %d\n", name, ctx->pid, ctx->more);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
