// Each CPU counts for itself.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 2);
} slots SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 8);
} seen SEC(".maps");

//@ +0us  tracepoint:syscalls:sys_enter_kill  cpu=0
//@ +0us  tracepoint:syscalls:sys_enter_kill  cpu=1
//@ +0us  tracepoint:syscalls:sys_enter_kill  cpu=1
//@ =     map seen[0] == 1
//@ =     map seen[1] == 2
SEC("tracepoint/syscalls/sys_enter_kill") int kill(void *ctx) {
  __u32 key = 1, cpu = bpf_get_smp_processor_id();
  __u64 *mine = bpf_map_lookup_elem(&slots, &key);
  if (!mine) return 0;
  *mine += 1;
  bpf_map_update_elem(&seen, &cpu, mine, 0);
  return 0;
}
char LICENSE[] SEC("license") = "GPL";
