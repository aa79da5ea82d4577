// RUN: %run-all %s -c true | FileCheck %s
// Without it, update flags, deletion and lookups could differ from the kernel's semantics, or between the engines.
// REQUIRES: ptrace
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct probe_key {
	u32 a;
	char name[8];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2);
	__type(key, struct probe_key);
	__type(value, s32);
} seen SEC(".maps");

SEC("tp/syscalls/sys_enter_exit_group")
int on_exit(void *ctx)
{
	struct probe_key one = {.a = 1, .name = "one"}, two = {.a = 2, .name = "two"}, three = {.a = 3};
	s32 value = -5;
	long first = bpf_map_update_elem(&seen, &one, &value, BPF_NOEXIST);
	long again = bpf_map_update_elem(&seen, &one, &value, BPF_NOEXIST);
	long absent = bpf_map_update_elem(&seen, &two, &value, BPF_EXIST);

	bpf_printk("%d %d %d", first, again, absent);
	value = 7;
	bpf_map_update_elem(&seen, &two, &value, BPF_ANY);
	bpf_printk("full %d", bpf_map_update_elem(&seen, &three, &value, BPF_ANY));
	bpf_printk("deleted %d %d", bpf_map_delete_elem(&seen, &three), bpf_map_delete_elem(&seen, &two));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// CHECK: 0 -17 -2
// CHECK-NEXT: full -7
// CHECK-NEXT: deleted -2 0
// CHECK-NEXT: seen[{ .a = 1, .name = "one" }] = -5
