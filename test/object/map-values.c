// RUN: %spile build %s -o %t.o && llvm-readelf -r %t.o | FileCheck %s && %spile dump --maps %t.o | FileCheck %s --check-prefix=MAPS
// Maps of maps and of programs are filled by relocations of `.maps`, one for each of their `values`.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} first SEC(".maps"), second SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 8);
	__type(key, u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { [1] = &first, [5] = &second } };

SEC("socket") int called(struct __sk_buff *skb) { return 0; }

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__array(values, int(void *));
} jumps SEC(".maps") = { .values = { [1] = (void *)&called } };

SEC("socket") int caller(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &jumps, 1);
	return 0;
}
// CHECK: Relocation section '.rel.maps'
// CHECK-DAG: R_BPF_64_ABS64 {{.*}} first
// CHECK-DAG: R_BPF_64_ABS64 {{.*}} second
// CHECK-DAG: R_BPF_64_ABS64 {{.*}} called
// MAPS: outer{{.*}}
// MAPS: jumps{{.*}}
