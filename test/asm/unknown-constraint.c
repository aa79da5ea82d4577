// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// A constraint of another machine is an error with those of BPF.
long f(long x) { asm volatile("r0 = %0" ::"a"(x)); return x; }
// CHECK: error: constraint `a` is not known for BPF [AsmConstraint]
