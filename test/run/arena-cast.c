// RUN: %spile exec -q --engine=interp,jit %s | FileCheck %s
// Casts between an arena and the kernel's addresses mean the same to every engine.
// RUN: %spile build %s -o %t.o && %spile dump %t.o | FileCheck %s --check-prefix=TEXT
// TEXT: = addr_space_cast(r{{[0-9]}}, 0x0, 0x1)
// TEXT: = addr_space_cast(r{{[0-9]}}, 0x1, 0x0)
#include <bpf/bpf_helpers.h>
#include "vmlinux.h"
#define __arena __attribute__((address_space(1)))
struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4);
} arena SEC(".maps");
struct cell {
	struct cell __arena *next;
	int value;
};
void __arena *bpf_arena_alloc_pages(void *map, void __arena *addr, __u32 count, int node_id, __u64 flags) __ksym;

SEC("syscall")
int add(void *ctx)
{
	struct cell __arena *first = bpf_arena_alloc_pages(&arena, 0, 1, -1, 0);
	struct cell *kernel = (struct cell *)first;

	if (!first)
		return 0;
	kernel[1].value = 42;
	first->next = (struct cell __arena *)(kernel + 1);
	return first->next->value;
}
// CHECK: {{^}}0x2a
char LICENSE[] SEC("license") = "GPL";
