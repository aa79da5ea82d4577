// RUN: %spile build -mcpu=v4 --emit=asm %s | FileCheck %s --check-prefix=V4
// RUN: %spile build -mcpu=v3 --emit=asm %s | FileCheck %s --check-prefix=V3
// RUN: %spile build -mcpu=v1 --emit=asm %s | FileCheck %s --check-prefix=V1
// What -mcpu=v4 has for signed numbers and bytes is used there, and only there.
long load(short *p) { return *p; }
// V4-LABEL: load:
// V4-NEXT: r0 = *(s16 *)(r1 + 0x0)
// V3-LABEL: load:
// V3: r0 = *(u16 *)
// V3-NEXT: r0 <<= 0x30
// V3-NEXT: r0 s>>= 0x30

long twice(int *p, int *q) {
  int x = *p;
  *q = x;
  return x;
}
// A value that is stored as well is loaded as it is.
// V4-LABEL: twice:
// V4: = *(u32 *)(r1 + 0x0)
// V4: r0 = (s32)r

long quotient(long a, long b) { return a / b; }
// V4-LABEL: quotient:
// V4: s/= r2
// V3-LABEL: quotient:
// V3-NOT: s/=
// V3: exit

unsigned swapped(unsigned a) { return __builtin_bswap32(a); }
// V4-LABEL: swapped:
// V4: = bswap32 r
// V3-LABEL: swapped:
// V3: = be32 r

int less(int a, int b) { return a < b ? a : 7; }
// V3-LABEL: less:
// V3: if w{{[0-9]+}} s
// V1-LABEL: less:
// V1-NOT: if w
// V1-NOT: s<
// V1: exit
