// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// Data among code makes whole instructions.
void f(void) { asm volatile(".byte 1"); }
// CHECK: error: the assembly makes 1 bytes, and an instruction has 8 [AsmBrokenCode]
