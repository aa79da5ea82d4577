// RUN: %spile build --emit=ir %s 2>&1 >/dev/null | FileCheck %s
// Helpers are held against the program's type, the map's declaration and the licence.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct event_key { __u32 pid; __u64 inode; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, struct event_key); __type(value, __u64); } m SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, __u32); __type(value, __u64); } plain;
SEC("xdp")
int f(struct xdp_md *ctx) {
  struct event_key k;
  struct event_key clean = {};
  __u32 small = 1;
  // CHECK: [[@LINE+1]]:8: warning: `big` takes 600 bytes of the stack, which has 512 [StackObjectTooLarge]
  char big[600];
  k.pid = k.inode = 1;
  // CHECK: [[@LINE+1]]:27: warning: key `k` has 4 bytes of padding at offset 4 that nobody has set [MapKeyPadding]
  bpf_map_delete_elem(&m, &k);
  // CHECK: [[@LINE+1]]:27: warning: `__u32` has 4 bytes, and the key of `m` is `struct event_key` of 16 [MapKeySize]
  bpf_map_delete_elem(&m, &small);
  // CHECK: [[@LINE+1]]:35: warning: `__u32` has 4 bytes, and the value of `m` is {{.*}} of 8 [MapValueSize]
  bpf_map_update_elem(&m, &clean, &small, 0);
  // CHECK: [[@LINE+1]]:23: warning: `plain` is passed as a map and is none [NotAMap]
  bpf_map_delete_elem(&plain, &small);
  // CHECK: [[@LINE+1]]:3: warning: `bpf_skb_load_bytes` cannot be called in `xdp` programs [HelperNotAvailable]
  bpf_skb_load_bytes(ctx, 0, big, sizeof(big));
  bpf_printk("x");
  return 0;
}
SEC("cgroup_skb/egress")
// CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: 9 is returned, and `cgroup_skb/egress` programs return 0 to 3 [ReturnOutOfRange]
int g(struct __sk_buff *skb) { return 9; }
// CHECK: warning: `bpf_trace_printk` is for programs under the GPL, and no licence is given [GplHelperWithoutLicense]
