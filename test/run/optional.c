// RUN: %spile run %s 2>&1 | FileCheck %s
// RUN: %python %inputs/exits.py 1 %spile run --prog broken %s 2>&1 | FileCheck %s --check-prefix=BROKEN
// RUN: %spile run --prog asked %s 2>&1 | FileCheck %s --check-prefix=ASKED
// Without it, a program that its author switched off would run, or keep the others from running.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <spile.h>

SEC("?begin")
int broken(void *ctx)
{
	return *(int *)bpf_get_current_task();
}

SEC("?begin")
int asked(void *ctx)
{
	printf("asked\n");
	exit(0);
	return 0;
}

SEC("begin")
int plain(void *ctx)
{
	printf("plain\n");
	exit(0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
// CHECK: spile: broken (?begin) is not loaded: --prog broken asks for it
// CHECK: spile: asked (?begin) is not loaded: --prog asked asks for it
// CHECK-NOT: asked
// CHECK: plain
// BROKEN: error:
// ASKED-NOT: plain
// ASKED: {{^}}asked
