// A key with padding that nobody has cleared.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct my_key { __u32 pid; __u64 inode; };
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, struct my_key);
  __type(value, __u64);
} counts SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  struct my_key k;
  k.pid = 1;
  k.inode = 2;
  __u64 *n = bpf_map_lookup_elem(&counts, &k); // expect: MapKeyPadding
  return n != 0;
}
