// RUN: not %spile check -q %s 2>&1 | FileCheck %s
// An atomic operation needs an aligned address wherever it is; through a number there is no address at all.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct packed {
  char letters[4];
  long number;
} __attribute__((packed));
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, int);
  __type(value, struct packed);
} values SEC(".maps");
SEC("socket") int adds(struct __sk_buff *skb) {
  int zero = 0;
  struct packed *value = bpf_map_lookup_elem(&values, &zero);
  if (!value) return 0;
  // CHECK-DAG: [[#@LINE+1]]:{{[0-9]+}}: error: access to 8 bytes at offset 4 of a value of `values` is not aligned [MisalignedStack]
  __sync_fetch_and_add((long *)&value->number, 1);
  return 0;
}
SEC("cgroup/sysctl") int converts(struct bpf_sysctl *ctx) {
  int zero = 0;
  struct packed *value = bpf_map_lookup_elem(&values, &zero);
  if (!value) return 0;
  // CHECK-DAG: [[#@LINE+1]]:{{[0-9]+}}: error: access to 8 bytes at offset 4 of a value of `values` is not aligned [MisalignedStack]
  bpf_strtol("12", 2, 0, (long *)&value->number);
  return 0;
}
SEC("socket") int on_stack(struct __sk_buff *skb) {
  struct packed local = {};
  // CHECK-DAG: [[#@LINE+1]]:{{[0-9]+}}: error: access to 8 bytes at offset -{{[0-9]+}} of the stack frame is not aligned [MisalignedStack]
  __sync_fetch_and_add((long *)&local.letters[1], 1);
  return local.number;
}
SEC("socket") int through_number(struct __sk_buff *skb) {
  unsigned long number = skb->len;
  // CHECK-DAG: [[#@LINE+3]]:{{[0-9]+}}: error: `number` is read or written through, but it is a number [NotAPointer]
  // CHECK-DAG: hint: a program writes to its stack, its maps and packets; `bpf_probe_write_user()` writes to a process
  // CHECK-DAG: kernel says: misaligned access off (0x0; 0xffffffff)+0+0 size 8
  __sync_fetch_and_add((unsigned long *)number, 1);
  return 0;
}
