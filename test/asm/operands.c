// RUN: %spile build --emit=asm -mcpu=v3 %s | FileCheck %s
// Operands of assembly get registers, immediates and places in memory as their constraints ask.
long sum(long a, long b) {
  asm("%[a] += %[b]; %[a] += %2" : [a] "+r"(a) : [b] "r"(b), "ri"(7));
  return a;
}
// CHECK-LABEL: sum:
// CHECK: r[[#A:]] += r2
// CHECK-NEXT: r[[#A]] += 0x7

int in_place(void) {
  int x = 5;
  asm volatile("r1 = *(u32 *)%1; %0 = r1" : "=r"(x) : "m"(x) : "r1");
  return x;
}
// CHECK-LABEL: in_place:
// CHECK: r1 = *(u32 *)(r10 - 0x4)
// CHECK: r0 = r

// The value of x stays what it is: nothing is cut off by the cast.
long whole(long x) {
  asm volatile("%[reg] = %[reg]" ::[reg] "r"((short)x));
  return x;
}
// CHECK-LABEL: whole:
// CHECK-NOT: <<=
// CHECK: exit

// What the text spoils is not where values live.
long kept(long a, long b) {
  asm volatile("r0 = 0; r1 = 0; r2 = 0; r3 = 0; r4 = 0; r5 = 0" ::: "r0", "r1", "r2", "r3", "r4", "r5");
  return a + b;
}
// CHECK-LABEL: kept:
// CHECK: r[[#X:]] = r
// CHECK: r5 = 0x0
// CHECK: exit

unsigned narrow(unsigned a) {
  asm("%0 += 1" : "+w"(a));
  return a;
}
// CHECK-LABEL: narrow:
// CHECK: w[[#]] += 0x1
