// RUN: not %spile check --expect %s 2>&1 | FileCheck %s
// Without it, a program could not say what it expects of the verifier, as the kernel's own tests do.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#define __tag(text) __attribute__((btf_decl_tag("comment:test_" text)))

SEC("socket")
__tag("expect_success") int fine(struct __sk_buff *skb) { return skb->len; }
// CHECK: fine (socket): accepted, as expected

SEC("socket")
__tag("expect_failure") __tag("expect_msg=0=invalid bpf_context{{.*}}off=4096") int refused(struct __sk_buff *skb) {
  return *(unsigned *)((char *)skb + 4096);
}
// CHECK: refused (socket): rejected, as expected

SEC("socket")
__tag("expect_failure") int too_good(struct __sk_buff *skb) { return skb->len; }
// CHECK: too_good (socket): accepted; its author expects failure

SEC("socket") int silent(struct __sk_buff *skb) { return 0; }
// CHECK: silent (socket): accepted; nothing is expected

char LICENSE[] SEC("license") = "GPL";
