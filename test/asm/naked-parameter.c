// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// A naked function keeps no parameters; their registers are named.
__attribute__((naked)) int f(long x) { asm volatile("r0 = %0; exit" ::"r"(x)); }
// CHECK: error: `x` is a parameter of the naked function `f`, which keeps none [NakedParameter]
