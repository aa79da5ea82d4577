// RUN: not %spile build %s -o %t.o 2>&1 | FileCheck %s
// Names of vmlinux.h can be used from its #include on, not before it; a tag that was only declared before is completed.
struct path;
int constant = PIDTYPE_TGID;
#include "vmlinux.h"
int later = PIDTYPE_TGID + sizeof(struct path);
// CHECK: before-include.c:4:16: error: `PIDTYPE_TGID` is not declared
// CHECK: 1 error
