// RUN: %spile build -S %s -o - | FileCheck %s
// RUN: %spile check %s
// Where two ways meet, a verifier goes on with the first that it takes, which is straight on, and stops at the second if
// what that brings lies in what it has seen. So the sum comes before what it was, and a constant behind everything else:
// the other order would make 2^20 ways of these rounds.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, int);
  __type(value, char[64]);
} text SEC(".maps");

// The sum is made in the register that is joined: no copy of it, and no jump around one.
// CHECK-LABEL: lengths:
// CHECK: if r0 > 0x1 goto
// CHECK-NEXT: r{{[0-9]+}} += r0
// CHECK: w{{[0-9]+}} += 0x1
SEC("kprobe") int lengths(void *ctx) {
  int key = 0;
  char *to = bpf_map_lookup_elem(&text, &key);
  if (!to) return 0;
  __u64 at = 0;
#pragma nounroll
  for (int i = 0; i < 20; i++) {
    __u64 length = bpf_probe_read_kernel_str(to + at, 1, ctx);
    if (length <= 1) at += length;
  }
  return at;
}

// CHECK-LABEL: again:
// CHECK: [[NONE:L[0-9]+]]:
// CHECK-NEXT: r[[AT:[0-9]+]] = 0x0
// CHECK: if r0 > 0x1 goto {{.*}}<[[NONE]]>
// CHECK-NEXT: r[[AT]] += r0
SEC("kprobe") int again(void *ctx) {
  int key = 0;
  char *to = bpf_map_lookup_elem(&text, &key);
  if (!to) return 0;
  __u64 at = 0;
#pragma nounroll
  for (int i = 0; i < 20; i++) {
    __u64 length = bpf_probe_read_kernel_str(to + at, 1, ctx);
    if (length > 1)
      at = 0;
    else
      at += length;
  }
  return at;
}
char _license[] SEC("license") = "GPL";
