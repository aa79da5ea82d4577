// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// Constraint m takes an object.
void f(long x) { asm volatile("r0 = *(u64 *)%0" ::"m"(x + 1)); }
// CHECK: error: constraint `m` takes an object, and this is a value [AsmMemoryOperand]
