// RUN: %python %inputs/exits.py 1 %spile check %s 2>&1 | FileCheck %s
// Without it, a tail call that fails would take away what was proven of the packet, or one that succeeds would not.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u32);
} jumps SEC(".maps");
static __attribute__((noinline)) int jump(struct __sk_buff *skb) {
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: note: `bpf_tail_call` may move the packet: pointers into it from before are lost here
  bpf_tail_call(skb, &jumps, 1);
  return 1;
}
// CHECK: error: a tail call is made in a callback, which must end with a number that is known
static long step(__u32 i, void *context) {
  bpf_tail_call(*(struct __sk_buff **)context, &jumps, 0);
  return 0;
}
// CHECK: in_place (tc): accepted
SEC("tc")
int in_place(struct __sk_buff *skb) {
  unsigned char *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
  if (data + 4 > data_end) return 0;
  bpf_tail_call(skb, &jumps, 0);
  return data[1];
}
// CHECK: in_function (tc): rejected
SEC("tc")
int in_function(struct __sk_buff *skb) {
  unsigned char *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
  if (data + 4 > data_end) return 0;
  jump(skb);
  return data[1];
}
// CHECK: in_callback (tc): rejected
SEC("tc")
int in_callback(struct __sk_buff *skb) {
  bpf_loop(3, step, &skb, 0);
  return 0;
}
