// RUN: not %spile check -q %s 2>&1 | FileCheck %s
// Why a signature does not do is told in the same words wherever one is needed: of exception callbacks, too.
#include <bpf/bpf_helpers.h>
#include "vmlinux.h"
char LICENSE[] SEC("license") = "GPL";
struct unknown;
extern void bpf_throw(__u64 cookie) __ksym;
// CHECK: error: an exception callback takes one number [KfuncRule]
// CHECK: error: the global function `at_end` cannot be called: nobody knows how many bytes its parameter 1 points to [BadSignature]
// CHECK: kernel says: arg#0 reference type('unknown') size cannot be determined: -22
__attribute__((noinline)) int at_end(struct unknown *p) { return p == 0; }
SEC("tc") __attribute__((btf_decl_tag("exception_callback:at_end"))) int throws(struct __sk_buff *skb) {
  if (skb->len) bpf_throw(7);
  return 0;
}
