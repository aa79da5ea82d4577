// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// A number as constraint names an output.
long f(long x) { asm volatile("" ::"3"(x)); return x; }
// CHECK: error: constraint `3` names no output in a register [AsmTied]
