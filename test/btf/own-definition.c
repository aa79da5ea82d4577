// RUN: not %spile build %s -o %t.o 2>&1 | FileCheck %s
// A struct of the program's own that vmlinux.h has too is a redefinition, as with the real header, and the note says whose.
#include "vmlinux.h"
struct path { int own; };
struct path___mine { int own; };
enum pid_type { MINE };
typedef int u32;
// CHECK: own-definition.c:4:8: error: `struct path` is defined twice [RecordRedefined]
// CHECK: own-definition.c:3:10: note: the first definition is that of the BTF
// CHECK-NOT: path___mine
// CHECK: own-definition.c:6:1: error: `enum pid_type` is defined twice
// CHECK: own-definition.c:7:13: error: {{.*}}`u32`
// CHECK: 3 errors
