// An index from outside is not compared with the length of the array.
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
  __u32 key = 1, i = ctx->args[1];
  struct entry *e = bpf_map_lookup_elem(&entries, &key);
  if (!e) return 0;
#ifdef MENDED
  if (i >= 8) return 0;
#endif
  e->slots[i]++;  // expect: UnboundedIndex
  return 0;
}
