// Programs are called through an array of numbers.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct {
#ifdef MENDED
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
#else
  __uint(type, BPF_MAP_TYPE_ARRAY);
#endif
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u32);
} programs SEC(".maps");
SEC("tc")
int probe(struct __sk_buff *skb) {
  bpf_tail_call(skb, &programs, 1);  // expect: MapTypeUnfit
  return 0;
}
