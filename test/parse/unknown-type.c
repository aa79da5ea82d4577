// RUN: not %spile build --emit=ast %s 2>&1 | FileCheck %s
// A name in the place of a type is reported once, with the header that declares it.
__u32 a;
int f(__u32 b) { return (__u32)b; }
// CHECK: unknown-type.c:3:1: error: unknown type name `__u32` [UnknownTypeName]
// CHECK: hint: it is declared by `#include "vmlinux.h"` and by `#include <linux/types.h>`
pid_t c;
// CHECK: unknown type name `pid_t`
// CHECK: hint: it is the kernel's: `#include "vmlinux.h"` declares it
// CHECK-NOT: error:
