// RUN: %spile build --emit=ast %s | FileCheck %s
// --emit=ast prints the tree; types read from the name outwards.
struct { int (*type)[1]; unsigned *key; } counts __attribute__((section(".maps")));
int *(*table[3])(int a, char *b);
// CHECK: (variables (counts (struct
// CHECK-NEXT: (members (type (pointer (array 1 int))))
// CHECK-NEXT: (members (key (pointer unsigned)))) (attribute section ".maps")))
// CHECK: (variables (table (array 3 (pointer (function ((a int) (b (pointer char))) (pointer int))))))
