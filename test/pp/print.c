// RUN: %spile build -E %s | FileCheck %s
// -E prints the tokens after preprocessing, in the lines of the source, without directives.
#define SQUARE(x) ((x) * (x))
#ifdef __bpf__
int nine = SQUARE(1 + 2);
#else
int not_bpf;
#endif
// CHECK-NOT: #
// CHECK: int nine = ((1 + 2) * (1 + 2));
// CHECK-NOT: not_bpf
