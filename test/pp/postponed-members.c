// RUN: rm -rf %t && mkdir %t && cp %root/test/Inputs/postponed-members.txt %t/postponed-members.h && %spile build -isystem %t %s -o %t/x.o
// RUN: %spile dump %t/x.o | FileCheck %s
// A record of a header that is read when it is asked for has the macros of its place, not those of its use.
#include <postponed-members.h>

SEC("socket")
int sizes(void *ctx) {
  struct packet *p = 0;
  return sizeof(p->name) * 1000 + sizeof(struct packet);
}
// CHECK: w0 = 0x3ea0
// CHECK-NEXT: exit

char _license[] SEC("license") = "GPL";
