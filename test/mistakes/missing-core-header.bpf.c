// BPF_CORE_READ without its header.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_openat")
int probe(void *ctx) {
  struct task_struct *task = (void *)bpf_get_current_task();
  return BPF_CORE_READ(task, tgid); // expect: UndeclaredFunction
}
