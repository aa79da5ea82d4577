// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// A function that nobody declares cannot be called.
void f(void) { asm volatile("call nobody"); }
// CHECK: error: `nobody` is neither a label of the assembly nor a name of the program [AsmUnknownSymbol]
