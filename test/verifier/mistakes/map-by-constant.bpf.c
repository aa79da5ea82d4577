// A map is given by a number: the relocation that would make an address of it is lost.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct entry {
  __u64 count;
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, struct entry);
} entries SEC(".maps");
SEC("tc")
int probe(struct __sk_buff *skb) {
  __u32 key = 0;
#ifdef MENDED
  return bpf_map_lookup_elem(&entries, &key) != NULL;
#else
  return bpf_map_lookup_elem((void *)0, &key) != NULL;  // expect: ArgumentType
#endif
}
