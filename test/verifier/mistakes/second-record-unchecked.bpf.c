// A second record is not compared with NULL; on the way out the first one must be given back.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} events SEC(".maps");
struct event {
  __u32 pid;
};
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  struct event *first = bpf_ringbuf_reserve(&events, sizeof(*first), 0);
  if (!first) return 0;
  struct event *second = bpf_ringbuf_reserve(&events, sizeof(*second), 0);  // lost
#ifdef MENDED
  if (!second) {
    bpf_ringbuf_discard(first, 0);
    return 0;
  }
#endif
  second->pid = 2;  // expect: NullDereference
  bpf_ringbuf_submit(second, 0);
  bpf_ringbuf_submit(first, 0);
  return 0;
}
