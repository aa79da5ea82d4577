// RUN: %spile check %s 2>&1 | FileCheck %s --implicit-check-not=warning:
// Without it, a program whose SEC() is forgotten would never run, and nobody would know why.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

u64 calls;

// CHECK: [[@LINE+1]]:5: warning: `on_kill` is no program: it has no `SEC()`, and nothing calls it [FunctionInNoSection] [-Wmissing-section]
int on_kill(struct trace_event_raw_sys_enter *ctx)
{
	calls++;
	return 0;
}
// CHECK: hint: `SEC("...")` in front of it
// CHECK: [[@LINE+1]]:5: warning: `filter`
int filter(struct __sk_buff *skb) { return skb->len; }
// CHECK: [[@LINE+1]]:5: warning: `begins`
int begins(void *ctx) { return 0; }

int called(struct trace_event_raw_sys_enter *ctx) { return ctx->id > 3; }
__noinline int for_other_files(struct xdp_md *ctx) { return ctx->rx_queue_index; }
__weak int replaced(struct xdp_md *ctx) { return 0; }
int helper(int n) { return n + 1; }

SEC("tracepoint/syscalls/sys_enter_kill")
int real(struct trace_event_raw_sys_enter *ctx)
{
	return called(ctx) - called(ctx);
}

char LICENSE[] SEC("license") = "GPL";
