// The sum of two indices is checked, and then they are added one after the other.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, char[1024]);
} buffers SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_kill")
int probe(struct trace_event_raw_sys_enter *ctx) {
  __u32 zero = 0, offset = ctx->args[0], i = ctx->args[1];
  char *buffer = bpf_map_lookup_elem(&buffers, &zero);
  if (!buffer || offset > 1023 || i > 1023) return 0;
#ifdef MENDED
  __u32 sum = offset + i;
  if (sum < 1024) buffer[sum] = 1;
#else
  if (offset + i < 1024) {
    buffer += offset;
    asm volatile("" : "+r"(buffer));
    buffer[i] = 1;  // expect: MapValueBounds
  }
#endif
  return 0;
}
