// RUN: %spile exec %s --packet 02000000000102000000000208004500001400000000400600000a0000010a000002 --engine=checked,interp,jit | FileCheck %s
// A SYN cookie is accepted from the ACK that has it and for two minutes, and stands for the MSS that the SYN said.
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct answer {
  __u64 mss;
  long accepted, wrong_ack, wrong_port, bad_length;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, struct answer);
} answers SEC(".maps");

struct iphdr ip4 = {.ihl = 5, .version = 4, .saddr = 0x100000a, .daddr = 0x200000a};
struct ipv6hdr ip6 = {.version = 6, .saddr = {.in6_u = {.u6_addr8 = {0xfe, 0x80, [15] = 1}}}};
// The header, and room for options: an MSS behind two of other kinds.
struct {
  struct tcphdr header;
  __u8 options[12];
} syn = {.header = {.source = 1234, .dest = 80, .seq = 0x11223344, .doff = 5, .syn = 1},
         .options = {1, 8, 3, 0, 2, 4, 1460 >> 8, 1460 & 255}};

#define ASK(N, FAMILY, HEADER, LENGTH)                                                                              \
  do {                                                                                                              \
    struct answer *to = bpf_map_lookup_elem(&answers, &(__u32){N});                                                 \
    if (!to) return -1;                                                                                             \
    syn.header.doff = (LENGTH) / 4;                                                                                 \
    __s64 made = bpf_tcp_raw_gen_syncookie_##FAMILY(&HEADER, &syn.header, LENGTH);                                  \
    to->mss = made >> 32;                                                                                           \
    struct tcphdr ack = syn.header;                                                                                 \
    ack.seq = bpf_htonl(bpf_ntohl(ack.seq) + 1);                                                                    \
    ack.ack_seq = bpf_htonl((__u32)made + 1);                                                                       \
    to->accepted = bpf_tcp_raw_check_syncookie_##FAMILY(&HEADER, &ack);                                             \
    ack.source++;                                                                                                   \
    to->wrong_port = bpf_tcp_raw_check_syncookie_##FAMILY(&HEADER, &ack);                                           \
    ack.source--;                                                                                                   \
    ack.ack_seq = bpf_htonl((__u32)made + 1 + 0x10000);                                                             \
    to->wrong_ack = bpf_tcp_raw_check_syncookie_##FAMILY(&HEADER, &ack);                                            \
    syn.header.doff = 6;                                                                                            \
    to->bad_length = bpf_tcp_raw_gen_syncookie_##FAMILY(&HEADER, &syn.header, 20);                                  \
  } while (0)

SEC("tc") int main_program(struct __sk_buff *skb) {
  ASK(0, ipv4, ip4, 20);
  ASK(1, ipv4, ip4, 32);
  ASK(2, ipv6, ip6, 20);
  ASK(3, ipv6, ip6, 32);
  return 0;
}
// CHECK: answers[0] = { .mss = 536, .accepted = 0, .wrong_ack = -13, .wrong_port = -13, .bad_length = -22 }
// CHECK-NEXT: answers[1] = { .mss = 1460, .accepted = 0, .wrong_ack = -13, .wrong_port = -13, .bad_length = -22 }
// CHECK-NEXT: answers[2] = { .mss = 1220, .accepted = 0, .wrong_ack = -13, .wrong_port = -13, .bad_length = -22 }
// CHECK-NEXT: answers[3] = { .mss = 1440, .accepted = 0, .wrong_ack = -13, .wrong_port = -13, .bad_length = -22 }
char LICENSE[] SEC("license") = "GPL";
