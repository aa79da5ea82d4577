// RUN: %spile build %s -o %t.o && %spile dump --btf %t.o | FileCheck %s
// What a program does not name of vmlinux.h does not get into its object; what it only points to stays a declaration.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("raw_tp/sched_switch")
int on_switch(struct bpf_raw_tracepoint_args *ctx)
{
	struct sched_entity *entity = (void *)ctx->args[0];
	return entity->on_rq + PIDTYPE_TGID;
}
// CHECK-DAG: struct bpf_raw_tracepoint_args {
// CHECK-DAG: struct sched_entity {
// CHECK-DAG: struct cfs_rq;
// CHECK-NOT: task_struct
