// RUN: %spile test %s | FileCheck %s --check-prefix=OK --implicit-check-not="is read"
// RUN: %spile test --engine=interp %s | FileCheck %s --check-prefix=OK
// RUN: %spile test --engine=jit %s | FileCheck %s --check-prefix=OK
// RUN: printf '+1us uprobe:libc:open path=1\n' >%t.field.evt
// RUN: %python %inputs/exits.py 1 %spile run %s -i %t.field.evt 2>&1 | FileCheck %s --check-prefix=FIELD
// RUN: printf '+1us uprobe:libc.so.6:close arg0=1\n' >%t.hook.evt
// RUN: %python %inputs/exits.py 1 %spile run %s -i %t.hook.evt 2>&1 | FileCheck %s --check-prefix=HOOK
// Without it, a probe on functions could be tested on a program that runs alone, or be shown other arguments than the events have.
//
// OK: ok {{.*}}: arguments and results
// OK-NEXT: ok {{.*}}: any of several, by what a pattern fits
// OK-NEXT: ok {{.*}}: the arguments of USDT probes
// OK-NEXT: ok {{.*}}: samples and stacks
// OK: 4 passed, 0 failed
// FIELD: `uprobe/libc:open` has no field `path`
// FIELD-NEXT: hint: it has arg0 to arg5, ret, function, cookie, stack, r15, r14
// HOOK: no program of the probe waits for any of the events
// HOOK-NEXT: hint: its programs wait for `uprobe/libc.so.6:open`, `uretprobe/libc.so.6:open`,
#include "vmlinux.h"
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>
#include <spile_tables.h>

SEC("uprobe/libc.so.6:open")
int BPF_UPROBE(enters, const char *path, long flags)
{
	printf("open(%s, %ld) at its first instruction: %d\n", str(path), flags, bpf_get_func_ip(ctx) == PT_REGS_IP(ctx));
	return 0;
}

SEC("uretprobe/libc.so.6:open")
int BPF_URETPROBE(leaves, long result)
{
	printf("= %ld of %lx\n", result, bpf_get_func_ip(ctx));
	return 0;
}

SEC("uprobe.multi/libc.so.6:str*")
int strings(struct pt_regs *ctx)
{
	printf("strings %lx cookie %ld\n", PT_REGS_PARM1(ctx), bpf_get_attach_cookie(ctx));
	return 0;
}

SEC("uprobe//usr/bin/shop:sell+0x1c")
int in_the_middle(struct pt_regs *ctx)
{
	printf("in the middle\n");
	return 0;
}

SEC("usdt//usr/bin/shop:shop:sold")
int BPF_USDT(sold, int count, const char *what)
{
	printf("%d of %s, %d arguments\n", count, str(what), bpf_usdt_arg_cnt(ctx));
	return 0;
}

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	u64 chain[2] = {};

	bpf_get_stack(ctx, chain, sizeof(chain), BPF_F_USER_STACK);
	printf("%lx after %lld, called from %llx\n", PT_REGS_IP(&ctx->regs), ctx->sample_period, chain[1]);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

//@ !test arguments and results
//@ +1us  uprobe:libc.so.6:open  pid=7 comm="cat" arg0="/etc/passwd" arg1=O_CREAT|O_RDWR function=0x1000
//@ =     out "open(/etc/passwd, 66) at its first instruction: 1\n"
//@ +1us  uprobe:libc:open  arg0=0x7000 arg1=-1 ip=0x2000 mem:0x7000="/tmp"
//@ =     out "open(/tmp, -1) at its first instruction: 1\n"
//@ +1us  uretprobe:libc.so.6:open  pid=7 ret=-ENOENT function=0x1000
//@ =     out "= -2 of 1000\n"
//@ !test any of several, by what a pattern fits
//@ +1us  uprobe:/usr/lib/libc.so.6:strdup  arg0=5 cookie=9 *2
//@ =     out "strings 5 cookie 9\n"
//@ =     out "strings 5 cookie 9\n"
//@ +1us  uprobe:shop:sell+28
//@ =     out "in the middle\n"
//@ !test the arguments of USDT probes
//@ +1us  usdt:shop:shop:sold  arg0=-3 arg1="milk"
//@ =     out "-3 of milk, 2 arguments\n"
//@ +1us  usdt:shop:shop:sold  args="-4@%eax 8@16(%rsp)" ax=5 sp=0x5000 mem:0x5010=hex:0060000000000000 mem:0x6000="tea"
//@ =     out "5 of tea, 2 arguments\n"
//@ !test samples and stacks
//@ +10ms  profile:99hz  ip=0x401136 sample_period=10101010 stack=0x401136,0x4011ff
//@ =      out "401136 after 10101010, called from 4011ff\n"
