// A program on a cgroup returns what the kernel does not take.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("cgroup/connect4")
int probe(struct bpf_sock_addr *ctx) {
#ifdef MENDED
  return 1;
#else
  return ctx->user_port;  // expect: ReturnRange
#endif
}
