// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// An offset of an access has 16 bits.
void f(void) { asm volatile("r0 = *(u64 *)(r1 + 70000)"); }
// CHECK: error: in the assembly: the offset 70000 does not fit into 16 bits [AsmTooFar]
