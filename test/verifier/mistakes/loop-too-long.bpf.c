// A loop has more turns than the verifier walks.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
#ifdef MENDED
static long turn(__u32 i, void *sum) {
  *(__u64 *)sum += bpf_get_prandom_u32();
  return 0;
}
#endif
SEC("tracepoint/syscalls/sys_enter_write")
int probe(struct trace_event_raw_sys_enter *ctx) {
  __u64 sum = 0;
#ifdef MENDED
  bpf_loop(1000000, turn, &sum, 0);
#else
  for (long i = 0; i < 1000000; i++) sum += bpf_get_prandom_u32();  // expect: TooComplex
#endif
  return sum;
}
