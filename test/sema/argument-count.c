// RUN: not %spile build --emit=ir %s 2>&1 | FileCheck %s
// A call with the wrong number of arguments points to the declaration.
static long (*bpf_map_delete_elem)(void *map, const void *key) = (void *)3;
long f(void *map) { return bpf_map_delete_elem(map); }
// CHECK: argument-count.c:4:{{[0-9]+}}: error: `bpf_map_delete_elem` takes 2 arguments, not 1 [ArgumentCount]
// CHECK: argument-count.c:3:{{[0-9]+}}: note: `bpf_map_delete_elem` is declared here
// CHECK-NOT: error:
