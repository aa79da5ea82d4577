// RUN: %spile exec -q --engine=interp,jit,checked %s | FileCheck %s
// RUN: %spile exec -q --unverified %s | FileCheck %s
// Variables that lie in an arena could not be run, or began as zeros.
#include <bpf/bpf_helpers.h>
#include "vmlinux.h"
#define __arena __attribute__((address_space(1)))
struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4);
} arena SEC(".maps");
int __arena counter = 41;
int __arena zeros[2];

// CHECK: {{^}}0x2c
SEC("syscall") int add(void *ctx) {
	counter++;
	zeros[1] += 2;
	return counter + zeros[1];
}
char LICENSE[] SEC("license") = "GPL";
