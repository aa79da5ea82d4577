// RUN: %spile build %s --emit=asm | FileCheck %s
// __builtin_constant_p of a parameter is answered where the function is inlined, as bpf_tail_call_static needs.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static __always_inline int known(int x) { return __builtin_constant_p(x) ? 1 : 2; }
static __always_inline int same(void *a, void *b) { return __builtin_bcmp(a, b, 8); }

// CHECK-LABEL: constant:
// CHECK: w0 = 0x1
SEC("socket") int constant(struct __sk_buff *skb) { return known(7); }
// CHECK-LABEL: variable:
// CHECK: w0 = 0x2
SEC("socket") int variable(struct __sk_buff *skb) { return known(skb->len); }
// CHECK-LABEL: equal:
// CHECK: exit
SEC("socket") int equal(struct __sk_buff *skb) {
  __u64 a = skb->len, b = skb->mark;
  return same(&a, &b) == 0;
}
