// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// An output says that it is written.
long f(long x) { asm volatile("%0 = 1" : "r"(x)); return x; }
// CHECK: error: constraint `r` of an output begins with neither `=` nor `+` [AsmOutputConstraint]
