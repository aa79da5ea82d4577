// RUN: %spile exec %s --prog count --packet 0000000000000000000000000800 --engine=interp,jit,checked --repeat 5 | FileCheck %s
// RUN: %spile exec %s --prog count --packet %examples/dnsonly.pcap#2 --stats=json | FileCheck %s --check-prefix=JSON
// RUN: %spile exec %s --prog mark --ctx mark=5,cb[1]=0x10 | FileCheck %s --check-prefix=MARK
// RUN: %spile exec %s --prog opened --ctx dfd=-3 | FileCheck %s --check-prefix=FIELD
// RUN: %spile exec %s --prog once --mem 05000000 --engine=jit | FileCheck %s --check-prefix=ONCE
// RUN: %spile exec %s --prog caller --ctx mark=3 --engine=interp,jit,checked | FileCheck %s --check-prefix=CALL
// A single program could not be run on a packet or a context of one's choice, and engines not be compared on it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 16);
} seen SEC(".maps");

// CHECK: first
// CHECK-NEXT: 0x2
// CHECK-NEXT: seen[0] = 5
// JSON: {"r0":2,"ns_per_run":{{[0-9.]+}},"insns":{{[1-9][0-9]}},"engine":"interp"}
SEC("xdp") int count(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  if (data + 14 > end) return XDP_DROP;
  __u32 key = *((unsigned char *)data + 13);
  __u64 one = 1, *n = bpf_map_lookup_elem(&seen, &key);
  if (n)
    __sync_fetch_and_add(n, 1);
  else
    bpf_map_update_elem(&seen, &key, &one, BPF_ANY);
  if (!n) bpf_printk("first");
  return XDP_PASS;
}

// MARK: 0x15
SEC("socket") int mark(struct __sk_buff *skb) { return skb->mark + skb->cb[1]; }

struct open {
  long long common;
  int nr;
  long dfd;
};
// FIELD: 0xfffffffffffffffa
SEC("tracepoint/syscalls/sys_enter_openat") int opened(struct open *ctx) { return ctx->dfd * 2; }

// ONCE: 0x5
SEC("syscall") int once(int *ctx) { return ctx[0]; }

SEC("socket") int called(struct __sk_buff *skb) { return skb->mark + 1; }
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __uint(key_size, 4);
  __array(values, int(struct __sk_buff *));
} programs SEC(".maps") = {.values = {&called}};
// CALL: 0x4
SEC("socket") int caller(struct __sk_buff *skb) {
  bpf_tail_call(skb, &programs, 0);
  return 0;
}
char _license[] SEC("license") = "GPL";
