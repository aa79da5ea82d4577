// RUN: %spile exec %s --prog congested --packet %examples/dnsonly.pcap#2 --engine=interp,jit | FileCheck %s --check-prefix=MARKED
// RUN: %spile exec %s --prog wider --packet %examples/dnsonly.pcap#2 --engine=interp,jit | FileCheck %s --check-prefix=WIDER
// RUN: %spile exec %s --prog dated --packet %examples/dnsonly.pcap#2 --engine=interp,jit | FileCheck %s --check-prefix=DATED
// RUN: %spile exec %s --prog around --packet %examples/dnsonly.pcap#2 --engine=interp,jit | FileCheck %s --check-prefix=AROUND
// RUN: %spile exec %s --prog owner --packet %examples/dnsonly.pcap#2 --engine=interp,jit | FileCheck %s --check-prefix=OWNER
// What a helper says of a packet, and what it leaves in it, could be another thing than the kernel's (exec-packet-helpers.test).
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define AT_SERVICE 15
#define IPV4 bpf_htons(0x0800)
#define IPV6 bpf_htons(0x86dd)

struct {
  __uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, 2);
} groups SEC(".maps");

// Of each of the four marks: whether it is one of congestion now, and the checksum behind it, which the packet keeps.
// MARKED: 0xe
SEC("tc") int congested(struct __sk_buff *skb) {
  int result = 0;
  for (int mark = 0; mark < 4; mark++) {
    __u8 service = mark, now = 0;
    bpf_skb_store_bytes(skb, AT_SERVICE, &service, 1, 0);
    result |= (bpf_skb_ecn_set_ce(skb) == 1) << mark;
    bpf_skb_load_bytes(skb, AT_SERVICE, &now, 1);
    if (now != (mark == 0 ? 0 : 3)) return -mark;
  }
  return result;
}

// To IPv6 and back, and what neither takes: 20 bytes longer, as long as before.
// WIDER: 0x140
SEC("tc") int wider(struct __sk_buff *skb) {
  const __u32 before = skb->len;
  if (bpf_skb_change_proto(skb, IPV6, 1) != -22) return 1;
  if (bpf_skb_change_proto(skb, IPV4, 0) != -524) return 2;
  if (bpf_skb_change_proto(skb, IPV6, 0) != 0 || skb->protocol != IPV6) return 3;
  const __u32 longer = skb->len - before;
  __u8 room[20];
  if (bpf_skb_load_bytes(skb, 14, room, sizeof room) != 0) return 4;
  for (int i = 0; i < (int)sizeof room; i++)
    if (room[i] != 0) return 5;
  room[0] = 0x60;
  bpf_skb_store_bytes(skb, 14, room, sizeof room, 0);
  if (bpf_skb_change_proto(skb, IPV4, 0) != 0 || skb->protocol != IPV4) return 6;
  return longer << 4 | (skb->len != before);
}

// DATED: 0x7
SEC("tc") int dated(struct __sk_buff *skb) {
  int result = bpf_skb_set_tstamp(skb, 1000, 1) == 0 && skb->tstamp_type == 1;
  result |= (bpf_skb_set_tstamp(skb, 0, 1) == -22) << 1;
  result |= (bpf_skb_set_tstamp(skb, 1000, 7) == -22) << 2;
  return result;
}

// No tunnel, no route, no class; the group at an index that nobody filled.
// AROUND: 0xff
SEC("tc") int around(struct __sk_buff *skb) {
  struct bpf_tunnel_key key = {.tunnel_id = 5};
  __u8 option[4] = {1, 2, 3, 4};
  int result = bpf_skb_get_tunnel_key(skb, &key, sizeof key, 0) == -22 && key.tunnel_id == 0;
  result |= (bpf_skb_get_tunnel_opt(skb, option, sizeof option) == -2 && option[3] == 0) << 1;
  result |= (bpf_get_route_realm(skb) == 0) << 2;
  result |= (bpf_get_cgroup_classid(skb) == 0) << 3;
  result |= (bpf_skb_cgroup_classid(skb) == 0) << 4;
  result |= (bpf_skb_under_cgroup(skb, &groups, 1) == -11) << 5;
  result |= (bpf_skb_under_cgroup(skb, &groups, 2) == -7) << 6;
  result |= (bpf_skb_ancestor_cgroup_id(skb, 0) == 1) << 7;
  return result;
}

// A packet here has no socket, and so no known owner; the kernel's test run makes one for it.
// OWNER: 0x1
SEC("tc") int owner(struct __sk_buff *skb) { return bpf_get_socket_uid(skb) == 65534; }
