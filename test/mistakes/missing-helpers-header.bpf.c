// bpf_printk without the header that defines it.
#include "vmlinux.h"
__attribute__((section("tracepoint/syscalls/sys_enter_openat")))
int probe(void *ctx) {
  bpf_printk("opened"); // expect: UndeclaredFunction
  return 0;
}
