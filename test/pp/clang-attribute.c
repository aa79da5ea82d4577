// RUN: %spile build --emit=ast %s | FileCheck %s
// #pragma clang attribute gives preserve_access_index to the records between push and pop: vmlinux.h depends on it.
struct before { int a; };
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct inside { int a; } __attribute__((packed));
union both { struct { int b; }; };
#pragma clang attribute pop
struct after { int a; };
// CHECK-NOT: preserve_access_index
// CHECK: inside
// CHECK: preserve_access_index
// CHECK: both
// CHECK: preserve_access_index
// CHECK: after
// CHECK-NOT: preserve_access_index
