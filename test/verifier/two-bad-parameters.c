// RUN: not %spile check -q %s 2>&1 | FileCheck %s
// Of several parameters that BTF cannot tell of, the kernel tells of the first.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct unknown;
struct pair {
  long first, second;
};
// CHECK: error: the global function `takes_both` cannot be called: nobody knows how many bytes its parameter 1 points to [BadSignature]
// CHECK: kernel says: arg#0 reference type('unknown') size cannot be determined: -22
// CHECK: hint: make the function `static`
__attribute__((noinline)) int takes_both(struct unknown *p, struct pair both) { return p != 0 && both.first; }
SEC("socket") int calls(struct __sk_buff *skb) {
  struct pair both = {1, 2};
  return takes_both(0, both);
}
