// RUN: %spile build -S %s -o - | FileCheck %s
// RUN: %spile check %s
// What several questions in a row return is set before the first, so that each jumps to the one exit, unless one of them
// needs the register for itself.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

// CHECK-LABEL: checked:
// CHECK: w0 = 0x0
// CHECK-NEXT: if r{{[0-9]}} == 0x0 goto {{.*}}<[[OUT:L[0-9]+]]>
// CHECK-NEXT: if r{{[0-9]}} == 0x0 goto {{.*}}<[[OUT]]>
// CHECK-NOT: exit
// CHECK: [[OUT]]:
// CHECK-NEXT: exit
static __attribute__((noinline)) int checked(struct xdp_md *ctx, __u64 *other) {
  volatile int result = 0;
  if (!ctx || !other) return 0;
  return result;
}

// CHECK-LABEL: called:
// CHECK: r{{[0-9]}} <<= 0x3
// CHECK-NOT: w0 =
// CHECK: if
SEC("xdp") int called(struct xdp_md *ctx) {
  __u64 first = bpf_ktime_get_ns() << 3;
  if (!first) return 0;
  __u64 second = bpf_ktime_get_ns() << 3;
  if (!second) return 0;
  return second > first ? checked(ctx, &first) : XDP_PASS;
}
char _license[] SEC("license") = "GPL";
