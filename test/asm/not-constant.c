// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// Constraint i takes what is known when the program is built.
long f(long x) { asm volatile("r0 = %0" ::"i"(x)); return x; }
// CHECK: not-constant.c:3:{{[0-9]+}}: error: the operand of constraint `i` is not a constant [AsmNotConstant]
