// A helper that is for the GPL only, under another licence.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "MIT";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  bpf_printk("opened"); // expect: GplHelperWithoutLicense
  return 0;
}
