// A program takes an argument of the traced function as a parameter of its own.
#define __TARGET_ARCH_x86
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
SEC("kprobe/tcp_v4_rcv")
#ifdef MENDED
int BPF_KPROBE(probe, struct sk_buff *skb) {
#else
int probe(struct pt_regs *ctx, struct sk_buff *skb) {
#endif
  __u32 length = 0;
  bpf_probe_read_kernel(&length, sizeof(length), &skb->len);  // expect: UninitializedValue
  return length > 9;
}
