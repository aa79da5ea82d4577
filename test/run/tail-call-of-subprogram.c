// RUN: %run-all %s -i %examples/dnsonly.pcap | FileCheck %s
// RUN: %spile exec -q --unverified --engine=checked,jit --prog first %s | FileCheck %s
// Behind a subprogram whose tail call ran another program, callbacks are the caller's again. On every engine.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

int other(struct xdp_md *ctx);
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __uint(key_size, 4);
  __array(values, int(void *));
} programs SEC(".maps") = {.values = {[0] = (void *)&other}};

int seen, others, ours;

static long count_other(__u32 i, void *by) {
  others += *(int *)by;
  return 0;
}
static long count_ours(__u32 i, void *by) {
  ours += *(int *)by;
  return 0;
}

SEC("xdp") int other(struct xdp_md *ctx) {
  int by = 10;

  bpf_loop(3, count_other, &by, 0);
  return 7;
}

static __attribute__((noinline)) int leave(struct xdp_md *ctx) {
  bpf_tail_call(ctx, &programs, 0);
  return 1;
}

SEC("xdp") int first(struct xdp_md *ctx) {
  int by = 1;

  if (++seen > 1)
    return XDP_PASS;
  bpf_loop(5, count_ours, &by, 0);
  leave(ctx);
  bpf_loop(2, count_ours, &by, 0);
  // CHECK: 30 7
  bpf_printk("%d %d", others, ours);
  return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
