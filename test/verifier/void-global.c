// RUN: not %spile check -q %s 2>&1 | FileCheck %s
// RUN: %spile check -q -DINLINED %s
// The kernel refuses a call of a global function that returns nothing, so one goes where it may.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
#ifdef INLINED
#define KEPT
#else
#define KEPT __attribute__((noinline))
#endif
unsigned seen[16];
// CHECK: error: the global function `note` cannot be called: {{.*}} [BadSignature]
// CHECK: kernel says: Global function note() doesn't return scalar. Only those are supported.
KEPT void note(unsigned n) {
#pragma unroll
  for (int i = 0; i < 16; i++) seen[i] += n >> i;
}
SEC("socket") int first(struct __sk_buff *skb) {
  note(skb->len);
  return 0;
}
SEC("socket") int second(struct __sk_buff *skb) {
  note(skb->mark);
  return 0;
}
