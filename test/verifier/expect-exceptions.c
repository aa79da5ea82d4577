// RUN: %spile check --expect %s 2>&1 | FileCheck %s
// Without it, what a thrown exception returns from the program would not be looked at, nor the function that ends it.
#include <bpf/bpf_helpers.h>
#include "vmlinux.h"
#define __tag(text) __attribute__((btf_decl_tag("comment:test_" text)))
#define works __tag("expect_success")
#define fails(text) __tag("expect_failure") __tag("expect_msg=0=" text)
#define ends_in(name) __attribute__((btf_decl_tag("exception_callback:" #name)))

extern void bpf_throw(__u64 cookie) __ksym;

__attribute__((noinline)) int give_two(__u64 cookie) { return 2; }
__attribute__((noinline)) int take_two(int a, int b) { return a + b; }

SEC("tc") works ends_in(give_two)
int caught(struct __sk_buff *skb) {
  if (skb->len) bpf_throw(7);
  return 0;
}
// CHECK: caught (tc): accepted, as expected

SEC("tc") fails("exception cb only supports single integer argument") ends_in(take_two) int odd(struct __sk_buff *skb) {
  if (skb->len) bpf_throw(7);
  return 0;
}
// CHECK: odd (tc): rejected, as expected

SEC("tc") fails("cannot call exception cb directly") ends_in(give_two) int called(struct __sk_buff *skb) {
  return give_two(skb->len);
}
// CHECK: called (tc): rejected, as expected

SEC("cgroup_skb/ingress")
fails("At program exit the register R1 has{{.*}}should have been in [0, 1]") int far(struct __sk_buff *skb) {
  bpf_throw(7);
  return 0;
}
// CHECK: far (cgroup_skb/ingress): rejected, as expected

SEC("cgroup_skb/ingress")
fails("At program exit the register R0 has{{.*}}should have been in [0, 1]")
    ends_in(give_two) int further(struct __sk_buff *skb) {
  bpf_throw(7);
  return 0;
}
// CHECK: further (cgroup_skb/ingress): rejected, as expected

char LICENSE[] SEC("license") = "GPL";
