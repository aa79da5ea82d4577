// RUN: %spile exec -q --engine=interp,jit,checked %s --mem 000000000100000003000000ffffffff | FileCheck %s
// RUN: %spile exec -q --unverified %s --mem 000000000100000003000000ffffffff | FileCheck %s
// The JIT's own lookup in an array could find an element behind the last one, or the wrong one of two arrays.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct array {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u32[3]);
  __uint(max_entries, 3);
};
struct array one SEC(".maps"), two SEC(".maps");

// Elements 0 and 1 of both are there; 3 and 0xffffffff are not.
// CHECK: 0x206
// CHECK-NEXT: one[0] = [1, 0, 0]
// CHECK-NEXT: one[1] = [2, 0, 0]
// CHECK-NEXT: two[0] = [257, 0, 0]
// CHECK-NEXT: two[1] = [258, 0, 0]
SEC("syscall") int look(__u32 *keys) {
  int sum = 0;
  for (int i = 0; i < 4; i++) {
    __u32 key = keys[i];
    __u32 *a = bpf_map_lookup_elem(&one, &key);
    if (a) sum += *a = i + 1;
    __u32 *b = bpf_map_lookup_elem(&two, &key);
    if (b) sum += *b = 257 + i;
  }
  return sum;
}
char _license[] SEC("license") = "GPL";
