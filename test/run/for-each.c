// REQUIRES: clang
// RUN: %run-all -q %s | FileCheck %s
// RUN: %clang-bpf -c %s -o %t.o
// RUN: %spile run -q %t.o | FileCheck %s
// RUN: not %spile check -DPROBE %s 2>&1 | FileCheck %s --check-prefix=PROBE
// Without it, a handler could not walk a map with for_each(), leave the walk, go on in it, or delete what it is at.
#include "vmlinux.h"
#include <spile_tables.h>

struct slot {
	long a, b;
};

SCRATCH(seen, u64, u32);
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, u32);
	__type(value, struct slot);
} slots SEC(".maps");

SEC("begin")
int fill(void *ctx)
{
	int i;

	bpf_for(i, 0, 100)
		set(seen, i * i, i);
	return 0;
}

#ifdef PROBE
// PROBE: `spile_next_key` cannot be called in `tracepoint/syscalls/sys_enter_kill` programs [HelperNotAvailable]
SEC("tracepoint/syscalls/sys_enter_kill")
#else
SEC("end")
#endif
int walk(void *ctx)
{
	u64 sum = 0, even = 0, passed = 0;

	for_each(seen, key, value) {
		sum += *value;
		if (key % 2)
			continue;
		even += key;
		del(seen, key);
	}
	for_each(seen, key, value)
		if (++passed == 7)
			break;
	for_each(slots, index, slot)
		slot->a = slot->b + index;
	// CHECK: 328350 2450 7 done
	printf("%llu %llu %llu done\n", sum, even, passed);
	// CHECK-NEXT: 1: 25 0
	for_each(slots, index, slot) {
		if (index == 1)
			for_each(seen, key, value)
				if (key == 5)
					printf("%d: %llu %d\n", index, *value, slot->b);
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
