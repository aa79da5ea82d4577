// A field of a kernel structure that does not exist.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(void *ctx) {
  struct task_struct *task = (void *)bpf_get_current_task();
  int pid = BPF_CORE_READ(task, pidd); // expect: NoMember
  return pid != 0;
}
