// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// A register holds a scalar.
struct s { long a, b; }; void f(struct s *p) { asm volatile("r0 = %0" ::"r"(*p)); }
// CHECK: error: an operand of type `struct s` does not fit into a register [AsmOperandType]
