// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// A directive that is not known is named, with those that are.
void f(void) { asm volatile(".incbin file"); }
// CHECK: error: directive of the assembly: `.incbin` is not known here [AsmBadDirective]
