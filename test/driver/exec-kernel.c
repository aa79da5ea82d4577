// REQUIRES: bpf
// RUN: %spile exec %s --prog count --packet %examples/dnsonly.pcap#2 --engine=kernel,interp,jit,checked | FileCheck %s
// RUN: %spile exec %s --prog mark --packet %examples/dnsonly.pcap#2 --ctx mark=5,cb[1]=16 --engine=kernel,interp,jit | FileCheck %s --check-prefix=MARK
// RUN: %spile exec %s --prog once --mem 05000000 --engine=kernel,interp | FileCheck %s --check-prefix=ONCE
// RUN: %python %inputs/exits.py 5 %spile exec %s --prog opened --engine=kernel 2>&1 | FileCheck %s --check-prefix=NONE
// The kernel's answer for a packet could not be seen beside that of the engines here.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, 16);
} seen SEC(".maps");

// CHECK: 0x3
// CHECK-NEXT: seen[8] = 1
SEC("xdp") int count(struct xdp_md *ctx) {
  unsigned char *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  if (data + 14 > end) return XDP_DROP;
  __u32 key = data[12], one = 1;
  bpf_map_update_elem(&seen, &key, &one, BPF_ANY);
  // What it leaves in the packet is compared too.
  for (int i = 0; i < 6; i++) {
    unsigned char byte = data[i];
    data[i] = data[i + 6];
    data[i + 6] = byte;
  }
  return XDP_TX;
}

// A socket filter sees the packet from its network header on, as in the kernel's test run.
// MARK: 0x5a
SEC("socket") int mark(struct __sk_buff *skb) {
  unsigned char version = 0;
  bpf_skb_load_bytes(skb, 0, &version, 1);
  return skb->mark + skb->cb[1] + version;
}

// ONCE: 0x5
SEC("syscall") int once(int *ctx) { return ctx[0]; }

struct open {
  long long common;
  int nr;
  long dfd;
};
// NONE: error: `opened`: the kernel test-runs no programs of this type
SEC("tracepoint/syscalls/sys_enter_openat") int opened(struct open *ctx) { return ctx->dfd != 0; }
char _license[] SEC("license") = "GPL";
