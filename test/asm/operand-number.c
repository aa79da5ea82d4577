// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// A number in the text is one of the operands.
void f(long x) { asm volatile("r0 = %1" ::"r"(x)); }
// CHECK: error: `%1` in assembly with 1 operands [AsmOperandNumber]
