// RUN: not %spile build --emit=ir %s 2>&1 | FileCheck %s
// RUN: %spile build -Wno-error=incompatible-function-pointer-types --emit=ir %s 2>&1 | FileCheck %s --check-prefix=WARNS
// A function of the wrong type is an error, as in clang, that an option turns into a warning.
static int of_long(long n) { return n; }
// CHECK: [[@LINE+2]]:{{[0-9]+}}: error: {{.*}} [IncompatibleFunctions] [-Wincompatible-function-pointer-types]
// WARNS: [[@LINE+1]]:{{[0-9]+}}: warning: {{.*}} [IncompatibleFunctions]
int (*callback)(int) = of_long;
