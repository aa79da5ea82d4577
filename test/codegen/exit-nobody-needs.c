// RUN: %spile build -S -O1 -mcpu=v1 %s -o - | FileCheck %s
// RUN: %spile check -O1 -mcpu=v1 %s
// Without it, the block that exits stays behind a jump although v1 cannot invert the condition that would lead there: no
// path leads to it, and kernels refuse the program.
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>

static __attribute__((noinline)) int count(long x, unsigned n) {
  short i = 4;
  if (n == 7) x = -x;
  while (i-- > 0) {
    --x;
    x = (unsigned char)(i + x) + ((i - 0x1234567) - (x && i));
  }
  return 1;
}
// CHECK-LABEL: count:
// CHECK: exit
// CHECK: goto
// CHECK-NOT: exit
// CHECK-LABEL: probe:

SEC("xdp") int probe(struct xdp_md *ctx) { return count(bpf_get_prandom_u32() & 3, bpf_get_prandom_u32()); }

char LICENSE[] SEC("license") = "GPL";
