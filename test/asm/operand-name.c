// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// A name in the text is one of the operands; the caret is inside the string.
void f(long x) { asm volatile("r0 = %[lenght]" ::[length] "r"(x)); }
// CHECK: operand-name.c:3:37: error: the assembly has no operand `lenght` [AsmOperandName]
