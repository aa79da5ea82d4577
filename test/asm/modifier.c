// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// BPF has no modifiers of operands.
void f(long x) { asm volatile("r0 = %k0" ::"r"(x)); }
// CHECK: error: operand modifier `k` is not known for BPF [AsmModifier]
