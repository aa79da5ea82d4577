// RUN: not %spile build --emit=ast %s 2>&1 | FileCheck %s
// A fault inside a macro is shown where the macro is used, and then where it is defined.
#define BROKEN(x) ((x) +)
int a = BROKEN(1);
// CHECK: macro-stack.c:4:9: error: expected an expression, found `)` [ExpectedFound]
// CHECK: macro-stack.c:3:25: note: in expansion of macro `BROKEN`
