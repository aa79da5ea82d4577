// RUN: not %spile check %s 2>&1 | FileCheck %s
// RUN: not %spile build %s -o %t.o 2>&1 | FileCheck %s
// RUN: %spile build -D__TARGET_ARCH_x86 %s -o %t.o
// Registers are those of a machine: `run` knows which, elsewhere it is named.
// CHECK: error: {{.*}}Must specify a BPF target arch
// CHECK: hint: say which machine it is for: `-D__TARGET_ARCH_x86`
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
SEC("kprobe/do_unlinkat")
int BPF_KPROBE(unlinked, int directory) {
  return directory == 0;
}
char LICENSE[] SEC("license") = "GPL";
