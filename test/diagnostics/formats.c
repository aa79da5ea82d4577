// RUN: %spile build --emit=ir %s 2>&1 >/dev/null | FileCheck %s
// Formats are held against the arguments by the kernel's rules, through the macros that hide them.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("xdp")
int f(struct xdp_md *ctx) {
  __u64 wide = bpf_ktime_get_ns();
  __u32 n = ctx->ingress_ifindex;
  // CHECK: [[@LINE+1]]:20: warning: `%s` prints the address of characters, and this is `__u32` [Format] [-Wformat]
  bpf_printk("%s", n);
  // CHECK: [[@LINE+1]]:20: warning: `%d` prints 4 bytes, and this is `__u64` [Format]
  bpf_printk("%d", wide);
  // CHECK: [[@LINE+1]]:14: warning: there is no argument for `%x`: 1 given [FormatArguments]
  bpf_printk("%d %x", n);
  // CHECK: [[@LINE+1]]:23: warning: the format takes 1 arguments, and this is one more [FormatExtraArguments]
  bpf_printk("%d", n, n);
  // CHECK: [[@LINE+1]]:14: warning: the kernel's formats have no `%f`: {{.*}} [FormatUnknown]
  bpf_printk("%f", n);
  // CHECK: [[@LINE+1]]:3: warning: `%s` prints {{.*}} [Format]
  bpf_printk("%d %d %d %lld %s", n, n, n, wide, n);
  bpf_printk("%5d %llx %px %%", n, wide, ctx);
  // CHECK-NOT: warning:
  return 0;
}
