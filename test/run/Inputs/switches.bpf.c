#include "vmlinux.h"
#include <spile.h>
SEC("tracepoint/sched/sched_switch")
int on(struct trace_event_raw_sched_switch *ctx)
{
	printf("%s %d -> %s %d\n", ctx->prev_comm, ctx->prev_pid, ctx->next_comm, ctx->next_pid);
	return 0;
}
SEC("tracepoint/sched/sched_process_exec")
int ex(struct trace_event_raw_sched_process_exec *ctx)
{
	char name[32];
	bpf_probe_read_kernel_str(name, sizeof(name), (void *)ctx + (ctx->__data_loc_filename & 0xffff));
	printf("exec %s pid %d\n", name, ctx->pid);
	return 0;
}
char LICENSE[] SEC("license") = "GPL";
