// The result of a lookup is used unchecked.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct entry {
  __u64 count;
  __u32 slots[8];
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, struct entry);
} entries SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  __u32 key = 1;
  struct entry *e = bpf_map_lookup_elem(&entries, &key);  // lost
#ifdef MENDED
  if (!e) return 0;
#endif
  e->count++;  // expect: NullDereference
  return 0;
}
