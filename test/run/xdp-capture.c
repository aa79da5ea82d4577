// RUN: %run-all %s -i %examples/dnsonly.pcap --pass %t.pcap | FileCheck %s
// XDP programs read packets directly, reshape them and decide, on every engine.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 5);
  __type(key, __u32);
  __type(value, __u64);
} actions SEC(".maps");

static __always_inline int count(int action) {
  __u32 key = action;
  __u64 *n = bpf_map_lookup_elem(&actions, &key);
  if (n)
    *n += 1;
  return action;
}

SEC("xdp") int filter(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  if ((void *)(eth + 1) > end)
    return count(XDP_ABORTED);
  if (eth->h_proto != bpf_htons(0x0800))
    return count(XDP_DROP);
  if (bpf_xdp_adjust_head(ctx, -4))
    return count(XDP_ABORTED);
  data = (void *)(long)ctx->data;
  end = (void *)(long)ctx->data_end;
  if (data + 18 > end)
    return count(XDP_ABORTED);
  __builtin_memset(data, 0xaa, 4);
  return count(XDP_PASS);
}

char LICENSE[] SEC("license") = "GPL";
// CHECK: actions[2] = {{[1-9][0-9]*}}
