// RUN: %spile build --emit=ir-raw %s | FileCheck %s
// What lies in an arena is accessed through a cast of its address, and shared by the address itself.
#define __arena __attribute__((address_space(1)))
struct node { struct node __arena *next; int value; };
int __arena count;
// CHECK: global @count global section ".addr_space.1" size 4
int value(struct node __arena *n) { return n->value; }
// CHECK-LABEL: func @value(
// CHECK: [[P:%.*]] = addr_space_cast %0, 1
// CHECK: load.i32 [[P]], 8
int __arena *as_shared(int *p) { return (int __arena *)p; }
// CHECK-LABEL: func @as_shared(
// CHECK: addr_space_cast {{.*}}, 65536
int __arena *address(void) { return &count; }
// CHECK-LABEL: func @address(
// CHECK-NOT: addr_space_cast
