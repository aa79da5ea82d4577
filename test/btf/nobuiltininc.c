// RUN: not %spile build -nobuiltininc %s -o %t.o 2>&1 | FileCheck %s
// RUN: mkdir -p %t.inc && echo 'struct only_here { int x; };' > %t.inc/vmlinux.h
// RUN: %spile build -I %t.inc -DREAL %s -o %t.o
// RUN: %spile build -nobuiltininc -I %t.inc -DREAL %s -o %t.o
// -nobuiltininc turns the lazy module off, and a real vmlinux.h in a directory of -I is read in its place.
#include "vmlinux.h"
#ifdef REAL
int size = sizeof(struct only_here);
#endif
// CHECK: error: cannot find the header `vmlinux.h` [HeaderNotFound]
// CHECK: hint: it ships with Spile; leave out -nobuiltininc
