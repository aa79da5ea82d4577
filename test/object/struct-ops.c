// RUN: %spile build %s -o %t.o && llvm-readelf -S -r %t.o | FileCheck %s && %spile dump --maps %t.o | FileCheck %s --check-prefix=MAPS
// A table of functions in `.struct_ops.link` is data whose pointers are relocations; libbpf makes a map of it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct my_ops {
	int (*start)(int cpu);
	void (*stop)(void);
	char name[16];
};

SEC("struct_ops/start") int start(u64 *ctx) { return ctx[0]; }
SEC("struct_ops/stop") int stop(u64 *ctx) { return 0; }

SEC(".struct_ops.link") struct my_ops table = { .start = (void *)start, .stop = (void *)stop, .name = "mine" };
// CHECK: .struct_ops.link PROGBITS
// CHECK: Relocation section '.rel.struct_ops.link'
// CHECK: R_BPF_64_ABS64 {{.*}} start
// CHECK: R_BPF_64_ABS64 {{.*}} stop
// MAPS: table{{.*}}
