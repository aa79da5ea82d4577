// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// There are ten registers for operands and clobbers.
long f(long x) { asm volatile("r0 = %0" ::"r"(x) : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9"); return x; }
// CHECK: error: assembly with 1 operands and 10 clobbered registers does not fit into r0 to r9 [AsmTooManyRegisters]
