// A record of a ring buffer is neither submitted nor discarded on one path.
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
  struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);  // lost
  if (!e) return 0;
  e->pid = bpf_get_current_pid_tgid() >> 32;
  if (e->pid == 1) {
#ifdef MENDED
    bpf_ringbuf_discard(e, 0);
#endif
    return 1;  // expect: ReferenceLeak
  }
  bpf_ringbuf_submit(e, 0);
  return 0;
}
