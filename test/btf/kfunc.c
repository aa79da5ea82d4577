// RUN: %spile build %s -o %t.o && %spile dump --btf %t.o | FileCheck %s
// A kfunc that vmlinux.h declares needs no declaration, and one of the program's own is no second one.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

extern void bpf_rcu_read_unlock(void) __ksym;

SEC("tc")
int on_packet(struct __sk_buff *skb)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return 0;
}
char license[] SEC("license") = "GPL";
// CHECK-DAG: bpf_rcu_read_lock
// CHECK-DAG: bpf_rcu_read_unlock
