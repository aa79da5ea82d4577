// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// A word that begins no instruction is shown at its line of the string, with the nearest that does.
void f(void) {
  asm volatile("r1 = 5\n"
               "  gato +1\n");
}
// CHECK: unknown-instruction.c:5:19: error: `gato +1` is no instruction [AsmUnknownInstruction]
// CHECK: did you mean `goto label`?
