// RUN: %run-all %s -i %examples/dnsonly.pcap | FileCheck %s
// A tail call goes to the program of its slot and does not return; through an empty slot it is no call. Checksums are
// those of the kernel. On every engine.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

int other(struct xdp_md *ctx);
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 2);
  __uint(key_size, 4);
  __array(values, int(void *));
} programs SEC(".maps") = {.values = {[1] = (void *)&other}};

int seen;

SEC("xdp") int other(struct xdp_md *ctx) {
  if (seen == 1)
    bpf_printk("tail called");
  return XDP_DROP;
}

SEC("xdp") int first(struct xdp_md *ctx) {
  __u32 words[2] = {0x01020304, 0xfffefdfc};

  if (++seen > 1)
    return XDP_PASS;
  // CHECK: csum 514
  bpf_printk("csum %lld", bpf_csum_diff(0, 0, words, 8, 0));
  bpf_tail_call(ctx, &programs, 0);
  // CHECK-NEXT: an empty slot
  bpf_printk("an empty slot");
  bpf_tail_call(ctx, &programs, 1);
  // CHECK-NEXT: tail called
  // CHECK-NOT: not reached
  bpf_printk("not reached");
  return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
