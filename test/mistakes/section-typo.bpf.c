// A section whose kind is spelled wrong.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepont/syscalls/sys_enter_openat") // expect: UnknownSection
int probe(void *ctx) {
  return 0;
}
