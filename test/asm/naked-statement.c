// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// A naked function has nothing but assembly.
__attribute__((naked)) int f(void) { int a = 1; asm volatile("exit"); }
// CHECK: error: `f` is naked, and this is no assembly [NakedStatement]
