// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// What is clobbered is a register or memory.
void f(void) { asm volatile("" ::: "rax"); }
// CHECK: error: `rax` names no register [AsmClobber]
