// RUN: %spile build --emit=asm %s | FileCheck %s
// The number that the loader changes is the offset of a load or store, or the operand of an addition: nothing is added
// to it, and it costs no instruction of its own.
struct s { int pad; int a; int arr[4]; } __attribute__((preserve_access_index));
struct outer { long x; struct s inner; } __attribute__((preserve_access_index));
// CHECK-LABEL: load:
// CHECK-NEXT: r0 = *(u32 *)(r1 + 0x10)
// CHECK-NEXT: exit
int load(struct s *p) { return p->arr[2]; }
// CHECK-LABEL: store:
// CHECK-NEXT: *(u32 *)(r1 + 0x4) = 0x7
// CHECK-NEXT: exit
void store(struct s *p) { p->a = 7; }
// CHECK-LABEL: container:
// CHECK-NEXT: r[[#]] -= 0x8
// CHECK-NEXT: r0 = r
void *container(void *p) { return p - (unsigned long)&((struct outer *)0)->inner; }
// CHECK-LABEL: exists:
// CHECK-NEXT: w0 = 0x1
// CHECK-NEXT: exit
int exists(struct s *p) { return __builtin_preserve_field_info(p->a, 2); }
