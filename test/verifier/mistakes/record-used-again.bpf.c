// A record of a ring buffer is written behind its submission.
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
  struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
  if (!e) return 0;
#ifdef MENDED
  e->pid = ctx->args[0];
  bpf_ringbuf_submit(e, 0);
#else
  bpf_ringbuf_submit(e, 0);  // lost
  e->pid = ctx->args[0];  // expect: NotAPointer
#endif
  return 0;
}
