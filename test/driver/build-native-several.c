// REQUIRES: x86_64
// RUN: %spile build -q %s --emit=native -o %t.so && llvm-readelf-19 -lW %t.so | FileCheck %s
// RUN: %python %S/Inputs/load_native.py %t.so first second third | FileCheck %s --check-prefix=HOST
// Of several programs in one object, the addresses that all but one refer to could be written while they run.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 calls = 40;
const volatile __u64 step = 1;

// CHECK: LOAD {{.*}} R E
// CHECK: LOAD {{ *}}[[AT:0x[0-9a-f]+]] {{.*}} RW
// CHECK: GNU_RELRO {{ *}}[[AT]]
// CHECK-NOT: GNU_RELRO
SEC("syscall") int first(void *ctx) { return calls += step; }
SEC("syscall") int second(void *ctx) { return (calls += step) * 2; }
SEC("syscall") int third(void *ctx) { return (calls += step) * 3; }
char _license[] SEC("license") = "GPL";

// HOST: first 41
// HOST-NEXT: second 84
// HOST-NEXT: third 129
// HOST-NEXT: r--p rw-p r--p r-xp r--p rw-p
