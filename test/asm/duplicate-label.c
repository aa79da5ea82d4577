// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// A label stands once in a text.
void f(void) { asm volatile("a: r1 = 0; a: r1 = 1"); }
// CHECK: error: label `a` is defined twice in the assembly [AsmDuplicateLabel]
