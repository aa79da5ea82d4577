// RUN: not %spile build %s -o %t.o 2>&1 | FileCheck %s
// A kernel struct, member, type or constant that is misspelt gets the name that was meant.
#include "vmlinux.h"
int tag(struct task_strct *t) { return t->pid; }
int member(struct task_struct *t) { return t->tgidd; }
int constant(void) { return BPF_NOEXISTS; }
// CHECK: unknown-struct.c:4:{{[0-9]+}}: error: {{.*}}`struct task_strct`
// CHECK: hint: did you mean `struct task_struct`?
// CHECK: error: there is no member `tgidd` in `struct task_struct`
// CHECK: hint: did you mean `tgid`?
// CHECK: error: `BPF_NOEXISTS` is not declared
// CHECK: hint: did you mean `BPF_NOEXIST`?
