// A helper that is for the GPL only, without a licence.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(struct trace_event_raw_sys_enter *ctx) {
  bpf_printk("opened"); // expect: GplHelperWithoutLicense
  return 0;
}
