// A constant of the kernel's types, and no header that has it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("raw_tp/sched_process_exit")
int probe(void *ctx) {
  char comm[TASK_COMM_LEN]; // expect: UndeclaredIdentifier
  return bpf_get_current_comm(comm, sizeof(comm));
}
