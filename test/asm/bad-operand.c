// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// An operand that does not fit is shown where it stands, with the way the instruction is written.
void f(void) { asm volatile("r0 = *(u64 *)(w1 + 8)"); }
// CHECK: bad-operand.c:3:{{[0-9]+}}: error: in the assembly: `w1` does not belong here [AsmBadOperand]
// CHECK: it is written `r1 = *(u64 *)(r2 + 8)`
