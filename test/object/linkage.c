// RUN: %spile build %s -o %t.o && llvm-readelf -s %t.o | FileCheck %s
// Binding and visibility of functions and variables are those that clang writes: the linker and libbpf decide by them.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

int shared = 1;
__attribute__((visibility("hidden"))) int private_count;
__attribute__((weak)) int replaceable = 3;
extern int elsewhere;

__attribute__((noinline)) int visible(int a) { return a + shared; }
__attribute__((visibility("hidden"), noinline)) int hidden(int a) { return a + private_count; }
__attribute__((weak)) int weak(int a) { return a + replaceable; }
__attribute__((weak, visibility("hidden"))) int weak_hidden(int a) { return a + elsewhere; }
static __attribute__((noinline)) int internal(int a) { return a * 3; }

SEC("socket") int filter(struct __sk_buff *skb)
{
	static int calls;

	calls++;
	return visible(1) + hidden(2) + weak(3) + weak_hidden(4) + internal(skb->len) + internal(calls);
}
// CHECK-DAG: FUNC LOCAL DEFAULT {{.*}} internal
// CHECK-DAG: OBJECT LOCAL DEFAULT {{.*}} filter.calls
// CHECK-DAG: FUNC GLOBAL HIDDEN {{.*}} hidden
// CHECK-DAG: FUNC WEAK DEFAULT {{.*}} weak
// CHECK-DAG: FUNC WEAK HIDDEN {{.*}} weak_hidden
// CHECK-DAG: OBJECT GLOBAL HIDDEN {{.*}} private_count
// CHECK-DAG: OBJECT WEAK DEFAULT {{.*}} replaceable
// CHECK-DAG: NOTYPE GLOBAL DEFAULT UND elsewhere
