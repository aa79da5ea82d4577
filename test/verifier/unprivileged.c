// RUN: not %spile check --unprivileged %s 2>&1 | FileCheck %s
// Without it, nobody could know before whether a program would load without capabilities, nor why not.
#include <bpf/bpf_helpers.h>
#include "vmlinux.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 4);
  __type(key, int);
  __type(value, long);
} table SEC(".maps");

static inline long *find(int key) { return bpf_map_lookup_elem(&table, &key); }

SEC("socket") int fine(struct __sk_buff *skb) {
  long *value = find(1);
  if (value) *value += skb->len;
  return 0;
}

SEC("socket") int leaks(struct __sk_buff *skb) {
  long *value = find(1);
  if (value) *value = (long)skb;
  return 0;
}
// CHECK: [[@LINE-3]]:{{.*}} error: without capabilities: an address of the kernel would get out, into a map [UnprivilegedRule]
// CHECK: kernel says: R{{[0-9]}} leaks addr into map

SEC("socket") int returns(struct __sk_buff *skb) { return (int)(long)skb; }
// CHECK: kernel says: R{{.*}} leaks addr as return value

SEC("socket") int loops(struct __sk_buff *skb) {
  long sum = 0;
#pragma unroll 1
  for (int i = 0; i < 10; i++) sum += bpf_get_prandom_u32();
  return sum;
}
// CHECK: kernel says: back-edge from insn

static __attribute__((noinline)) int callee(int x) { return x * 2; }
SEC("socket") int calls(struct __sk_buff *skb) { return callee(skb->len); }
// CHECK: kernel says: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN

SEC("socket") int prints(struct __sk_buff *skb) {
  bpf_printk("%d", skb->len);
  return 0;
}
// CHECK: kernel says: program of this type cannot use helper bpf_trace_printk#6

SEC("socket") __attribute__((naked)) int speculates(struct __sk_buff *skb) {
  asm volatile("r0 = 0;"
               "if r0 == 0 goto 1f;"
               "r0 = *(u64 *)(r1 + 4096);"
               "1:"
               "r0 = 0;"
               "exit;");
}
// CHECK: kernel says: invalid bpf_context access off=4096 size=8

SEC("tracepoint/syscalls/sys_enter_kill") int probe(void *ctx) { return 0; }
// CHECK: error: without capabilities: programs of type `TRACEPOINT` can be loaded with CAP_BPF only
// CHECK: fine (socket): accepted
// CHECK: leaks (socket): rejected

char LICENSE[] SEC("license") = "GPL";
