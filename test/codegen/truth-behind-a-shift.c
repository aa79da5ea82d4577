// RUN: %spile build %s -o %t.o && %spile check %t.o 2>&1 | FileCheck %s
// A truth that was shifted by a number is still 0 or 1, but the kernel's verifier does not know it: it is asked again.
#include <bpf/bpf_helpers.h>

static volatile short values[4] = {1};

SEC("xdp")
int index_of_a_truth(void *ctx) {
  _Bool which = bpf_get_prandom_u32();
  if (bpf_get_prandom_u32() == 7) which >>= values[0] & 7;
  return values[which & 3];
}
// CHECK: accepted

char _license[] SEC("license") = "GPL";
