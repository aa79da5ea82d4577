// RUN: %spile build %s -o %t.o
// RUN: %spile check %t.o
// RUN: %spile exec %t.o --packet 00000000000000000000000000000000 | FileCheck %s
// CHECK: 0x10081
// The bytes of a packed struct that variables of their own stand for begin at an odd one; the unit of the bit-field
// behind it stays on its eight bytes, as the kernel asks of the stack.
char license[] __attribute__((section("license"), used)) = "GPL";
struct record {
  _Bool flags[4];
  signed char small : 2;
  int number;
  long wide : 39;
  unsigned char bytes[2];
  unsigned short last : 14;
} __attribute__((packed));
static volatile unsigned zero;
__attribute__((section("xdp"), used)) int prog(void *ctx) {
  struct record r = {.last = 1, .number = 1, .wide = 1};
  r.bytes[1] += zero;
  r.wide += zero + 128;
  return r.bytes[1] + r.wide + (r.number << 16) + zero;
}
