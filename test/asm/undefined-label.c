// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// A jump to a label that is not there names it.
void f(void) { asm volatile("if r1 > 5 goto nowhere"); }
// CHECK: undefined-label.c:3:{{[0-9]+}}: error: label `nowhere` is not defined in the assembly [AsmUndefinedLabel]
