// A way out in the middle forgets the record.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} events SEC(".maps");
struct event {
  char path[16];
};
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);  // lost
  if (!e) return 0;
  long error = bpf_probe_read_user(e->path, sizeof(e->path), (void *)ctx->args[1]);
#ifdef MENDED
  if (error) {
    bpf_ringbuf_discard(e, 0);
    return 0;
  }
#else
  if (error)  // expect: ReferenceLeak
    return 0;
#endif
  bpf_ringbuf_submit(e, 0);
  return 0;
}
