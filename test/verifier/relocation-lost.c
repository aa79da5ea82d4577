// RUN: %spile build %s -o %t.o && %python %inputs/lose_relocations.py %t.o && not %spile check -q %t.o 2>&1 | FileCheck %s
// The address of a string or a map is 0 where its relocation was lost; the message could speak of NULL checks.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat") int probe(void *ctx) {
  // CHECK: relocation-lost.c:[[#@LINE+2]]:{{[0-9]+}}: error: argument 1 of `bpf_trace_printk` must be memory, but is NULL [ArgumentType]
  // CHECK: hint: this address has no relocation: the section of what it names is not loaded
  bpf_trace_printk("hello", 6);
  return 0;
}
