// RUN: %clang-bpf -c %s -o %t.o && %spile check -v %t.o 2>&1 | FileCheck %s
// Without it, nobody would see how near a program is to the limits of the kernel, nor which function takes the stack.
// REQUIRES: clang
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
__attribute__((noinline)) static int sum(int *numbers) {
  volatile int copy[8] = {};
  for (int i = 0; i < 4; i++) copy[i] = numbers[i];
  return copy[numbers[0] & 3];
}
// CHECK: on_kill (tracepoint/a/b): accepted
// CHECK-NEXT: {{[0-9]+}} instructions, {{[0-9]+}} processed, {{[0-9]+}} states at most, {{[0-9]+}} bytes of stack (on_kill 16, sum 32), {{[0-9.]+}} ms
SEC("tracepoint/a/b")
int on_kill(void *ctx) {
  int numbers[4] = {1, 2, 3, bpf_get_prandom_u32()};
  return sum(numbers);
}
