// RUN: %spile build -q %s --emit=native --march=aarch64 -o %t.arm.so && llvm-objdump-19 -d %t.arm.so | FileCheck %s --check-prefix=ARM
// RUN: %spile build -q %s --emit=native --march=x86_64 -o %t.so && llvm-readelf-19 -lW --dyn-syms -r %t.so | FileCheck %s --implicit-check-not='RWE'
// RUN: %spile build -q %s --emit=native --blind-constants -o %t.blind.so
// RUN: %python -c "print(*[open(f, 'rb').read().count(bytes.fromhex('11eeffc002b0ad1b')) for f in ('%t.so', '%t.blind.so')])" | FileCheck %s --check-prefix=BLIND
// RUN: %spile exec -q %s --engine=interp,jit --blind-constants | FileCheck %s --check-prefix=RESULT
// RUN: %python %inputs/exits.py 2 %spile build -q %s --march=aarch64 2>&1 | FileCheck %s --check-prefix=USAGE
// Code made ahead of time could be another machine's, writable where it is executed, or hold the program's constants.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 seen = 7;

// CHECK: LOAD {{.*}} R E
// CHECK: R_X86_64_64 {{.*}} bpf_data
// CHECK: R_X86_64_64 {{.*}} bpf_helper_ktime_get_ns
// CHECK: FUNC GLOBAL DEFAULT {{.*}} look
// ARM: <look>:
// ARM: blr
// ARM: ret
// BLIND: 1 0
// RESULT: 0x1badb002
// USAGE: --march and --blind-constants are about --emit=native
SEC("syscall") int look(void *ctx) {
  seen = (seen ^ 0x1badb002c0ffee11) + (bpf_ktime_get_ns() == 0);
  return seen >> 32;
}
char _license[] SEC("license") = "GPL";
