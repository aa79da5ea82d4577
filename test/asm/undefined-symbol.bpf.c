// RUN: %spile build %s -o %t.o && llvm-readelf -r -s %t.o | FileCheck %s
// RUN: not %spile check %t.o 2>&1 | FileCheck %s --check-prefix=CHECK-CHECK
// Loaders such as cilium/ebpf put numbers to names that only assembly has: a relocation against an undefined symbol.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#define LOAD_CONSTANT(name, value) asm("%0 = " name " ll" : "=r"(value))

// CHECK: R_BPF_64_64 {{.*}} wanted_pid
// CHECK: R_BPF_64_64 {{.*}} wanted_pid
// CHECK: NOTYPE GLOBAL DEFAULT UND wanted_pid
// CHECK-CHECK: `tracepoint/syscalls/sys_enter_kill` uses `wanted_pid`, which is not defined in this object
SEC("tracepoint/syscalls/sys_enter_kill")
int probe(struct trace_event_raw_sys_enter *ctx) {
  __u64 first, second;
  LOAD_CONSTANT("wanted_pid", first);
  LOAD_CONSTANT("wanted_pid", second);
  return first == ctx->args[0] && second == ctx->args[1];
}
char LICENSE[] SEC("license") = "GPL";
