// RUN: %spile build --emit=ir-raw %s | FileCheck %s
// Assembly in a function that nobody calls is left out, and with it what is wrong in it.
static inline int tail_call(void) { asm volatile("gato 12"); return 0; }
int f(void) { return 1; }
// CHECK-NOT: asm
// CHECK: ret i32 1
