// RUN: %spile build --emit=asm -mcpu=v3 %s | FileCheck %s
// Assembly may jump to labels of the function, with results on every way out.
int likely(long x) {
  asm goto("if %[x] > 5 goto %l[big]" ::[x] "r"(x)::big);
  return 1;
big:
  return 2;
}
// CHECK-LABEL: likely:
// CHECK: if r[[#]] > 0x5 goto +{{.*}}
// CHECK: exit

long found(long x) {
  long y;
  asm goto("%0 = %1; if %0 == 0 goto %l[none]; %0 += 1" : "=r"(y) : "r"(x)::none);
  return y;
none:
  return y - 1;
}
// CHECK-LABEL: found:
// CHECK: if r[[#Y:]] == 0x0 goto
// CHECK: r[[#Y]] += 0x1
// CHECK: += -0x1

// A loop that the kernel may end: the distance is an expression on labels.
int endless(void) {
  int n = 0;
  for (;;) {
    asm volatile goto("1: .byte 0xe5; .byte 0; .long ((%l[out] - 1b - 8) / 8) & 0xffff; .short 0" ::::out);
    n++;
  }
out:
  return n;
}
// CHECK-LABEL: endless:
// CHECK: may_goto +{{0x[1-9]}}
