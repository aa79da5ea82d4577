// RUN: %python %inputs/exits.py 1 %spile check %s 2>&1 | FileCheck %s
// Without it, the comparison that is offered for an element would be that of the first one; and what stands in one line
// with its function would get an edit in front of the function.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
SEC("xdp")
int element(struct xdp_md *ctx) {
  unsigned char *p = (void *)(long)ctx->data;
  void *end = (void *)(long)ctx->data_end;
  int n = 0;
  for (int i = 0; i < 4; i++) {
    // CHECK: [[@LINE+3]]:{{[0-9]+}}: error: access to 1 byte at offset 1 of the packet
    // CHECK: hint: add `if ((void *)(p + i + 1 + 1) > end) return 0;` before line [[@LINE+2]], with braces around both (tried: 
    if (p + i < (unsigned char *)end)
      n += p[i + 1];
  }
  return n ? 2 : 1;
}
// CHECK: [[@LINE+2]]:{{[0-9]+}}: error: access to 1 byte at offset 0 of the packet
// CHECK: hint: compare it with the end of the packet before that, and return where
SEC("xdp") int in_one_line(struct xdp_md *ctx) { char *p = (void *)(long)ctx->data; return *p ? 2 : 1; }
