// How long block devices take for a request, from its start to its end, as a histogram for each kind of request.
//
//     spile run biolatency.bpf.c -i biolatency.evt
#include "vmlinux.h"
#include <spile_tables.h>

struct kind {
	char letters[10]; /* R, W, F, D, with S for synchronous, M for metadata */
};

HIST(microseconds, struct kind);
SCRATCH(started, u64 /* when */, u32 /* device */, u64 /* sector */);

SEC("tracepoint/block/block_rq_issue")
int issue(struct trace_event_raw_block_rq *ctx)
{
	set(started, nsecs(), ctx->dev, ctx->sector);
	return 0;
}

SEC("tracepoint/block/block_rq_complete")
int complete(struct trace_event_raw_block_rq_completion *ctx)
{
	u64 when = get(started, ctx->dev, ctx->sector);
	struct kind kind = {};

	if (!when)
		return 0;
	bpf_probe_read_kernel(kind.letters, sizeof(kind.letters), ctx->rwbs);
	hist(microseconds, (nsecs() - when) / 1000, kind);
	del(started, ctx->dev, ctx->sector);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
