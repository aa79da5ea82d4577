// RUN: %spile build --emit=ir-raw %s | FileCheck %s
// A pointer that holds an integer and is never assigned is a helper: its call becomes `call N`, and it takes no memory.
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
int f(void *map) { int key = 3; return bpf_map_lookup_elem(map, &key) != 0; }
// CHECK-NOT: global @
// CHECK: call_helper.ptr 1(
// CHECK-NOT: global @
