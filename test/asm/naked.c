// RUN: %spile build --emit=asm %s | FileCheck %s
// A naked function is its assembly: helpers by number, maps and functions by address, labels of its own.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, int);
  __type(value, long);
} counts SEC(".maps");

static __attribute__((naked, noinline, used)) long twice(void) {
  asm volatile("r0 = r1; r0 <<= 1; exit");
}

SEC("tracepoint/syscalls/sys_enter_kill")
__attribute__((naked)) int lookup(void) {
  asm volatile("						\
	*(u32 *)(r10 - 4) = %[zero];	/* the key */		\
	r2 = r10;						\
	r2 += -4;						\
	r1 = %[counts] ll;					\
	call %[bpf_map_lookup_elem];				\
	if r0 == 0 goto l0_%=;					\
	r1 = *(u64 *)(r0 + %[at]);				\
	call twice;						\
l0_%=:	exit;							\
" ::[counts] "i"(&counts),
               [bpf_map_lookup_elem] "i"(bpf_map_lookup_elem), [at] "i"(0), [zero] "n"(0));
}
char license[] SEC("license") = "GPL";
// CHECK-LABEL: twice:
// CHECK-NEXT: r0 = r1
// CHECK-NEXT: r0 <<= 0x1
// CHECK-NEXT: exit
// CHECK-LABEL: lookup:
// CHECK: r1 = 0x0 ll <counts>
// CHECK-NEXT: call 0x1 <bpf_map_lookup_elem>
// CHECK-NEXT: if r0 == 0x0 goto +0x2
// CHECK-NEXT: r1 = *(u64 *)(r0 + 0x0)
// CHECK-NEXT: call {{.*}} <twice>
// CHECK: exit
