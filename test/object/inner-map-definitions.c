// RUN: not %spile check %s 2>&1 | FileCheck %s
// RUN: %spile build %s -o %t.o 2>&1 | FileCheck %s
// RUN: not %spile check %t.o 2>&1 | FileCheck %s --check-prefixes=CHECK,OBJECT
// The kernel makes the inner map of a definition too, before the outer one.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(max_entries, 4);
		__type(key, __u64);
		__type(value, __u64);
	});
} outer SEC(".maps");

SEC("socket")
int filter(struct __sk_buff *skb)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
// CHECK: map `outer.inner`: key_size is 8; ARRAY takes 4 bytes
// OBJECT: filter (socket): accepted
