// REQUIRES: x86_64
// RUN: %spile build -q %s --emit=native --march=x86_64 -o %t.so && llvm-objdump-19 -d %t.so | FileCheck %s
// Of two loops, the outer one is unrolled around the inner one, which stays twice: as many as before. What was an array
// on the stack must become registers all the same.
#include <bpf/bpf_helpers.h>

__u64 given[16], result;

SEC("syscall") int main_program(void *ctx) {
  __u64 sums[2] = {1, 2};
  for (__u32 i = 0; i < 2; i++) {
    asm volatile("" : "+r"(i));  // is not unrolled here
    __u64 *sum = &sums[i & 1];
    for (__u32 j = 0; j < 200; j++) *sum = (*sum + j) * (*sum ^ given[j & 15]);
  }
  result = sums[0] ^ sums[1];
  return 0;
}
// CHECK-LABEL: <main_program>:
// CHECK-NOT: (%rsp
// CHECK: imul
// CHECK-NOT: (%rsp
// CHECK: ret
char LICENSE[] SEC("license") = "GPL";
