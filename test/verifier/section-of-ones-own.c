// RUN: %clang-bpf -c %s -o %t.o && %spile check %t.o 2>&1 | FileCheck %s
// Without it, programs whose loader gives them their type, as loaders did before libbpf knew sections, could not be judged.
// REQUIRES: clang
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
// CHECK: first (xdp_tail_grow): accepted (as a program of `xdp`, by its context)
SEC("xdp_tail_grow")
int first(struct xdp_md *ctx) { return XDP_PASS; }
// CHECK: second (filter): accepted (as a program of `tc`, by its context)
SEC("filter")
int second(struct __sk_buff *skb) { return skb->len; }
