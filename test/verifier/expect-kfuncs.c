// RUN: %spile check --expect --btf=host %s 2>&1 | FileCheck %s
// Without it, what a program declares of a function of the kernel would count, not what the function is.
// REQUIRES: bpf
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "vmlinux.h"
#define __tag(text) __attribute__((btf_decl_tag("comment:test_" text)))
#define works __tag("expect_success")
#define fails(text) __tag("expect_failure") __tag("expect_msg=0=" text)

extern struct nf_conn *bpf_skb_ct_alloc(struct __sk_buff *skb, struct bpf_sock_tuple *tuple, u32 tuple__sz,
                                        struct bpf_ct_opts *opts, u32 opts__sz) __ksym;
extern struct nf_conn *bpf_skb_ct_lookup(struct __sk_buff *skb, struct bpf_sock_tuple *tuple, u32 tuple__sz,
                                         struct bpf_ct_opts *opts, u32 opts__sz) __ksym;
extern void bpf_ct_release(struct nf_conn *entry) __ksym;
extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym;

SEC("tc") works int found(struct __sk_buff *skb) {
  struct bpf_sock_tuple tuple = {};
  struct bpf_ct_opts opts = {};
  struct nf_conn *entry = bpf_skb_ct_lookup(skb, &tuple, sizeof tuple.ipv4, &opts, sizeof opts);
  if (entry) bpf_ct_release(entry);
  return 0;
}
// CHECK: found (tc): accepted, as expected

SEC("tc") fails("expected pointer to STRUCT nf_conn but R1 has a pointer to STRUCT nf_conn___init")
int made(struct __sk_buff *skb) {
  struct bpf_sock_tuple tuple = {};
  struct bpf_ct_opts opts = {};
  struct nf_conn *entry = bpf_skb_ct_alloc(skb, &tuple, sizeof tuple.ipv4, &opts, sizeof opts);
  if (entry) bpf_ct_release(entry);
  return 0;
}
// CHECK: made (tc): rejected, as expected

SEC("tc") fails("type ID argument must be of a struct") int as_number(struct __sk_buff *skb) {
  return bpf_rdonly_cast(skb, bpf_core_type_id_kernel(u64)) != 0;
}
// CHECK: as_number (tc): rejected, as expected

char LICENSE[] SEC("license") = "GPL";
