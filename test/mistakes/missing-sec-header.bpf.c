// SEC without the header that defines it.
#include "vmlinux.h"
SEC("tracepoint/syscalls/sys_enter_openat") // expect: *
int probe(void *ctx) {
  return 0;
}
