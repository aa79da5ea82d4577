// RUN: %spile build -S %s -o - | FileCheck %s
// RUN: %spile check %s
// RUN: %spile exec %s --engine=interp,checked,jit --packet 00 | FileCheck %s --check-prefix=RESULT
// RUN: %spile exec -O0 %s --engine=interp --packet 00 | FileCheck %s --check-prefix=RESULT
// What a loop with helpers counts is followed round by round by the kernel: an address steps, and a mask that its counter
// is never beyond goes. The four registers that calls leave would have to hold the base and the counter's product too.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, __u64);
} seen SEC(".maps");

const volatile __u32 keys[16] = {7, 3, 7, 1, 1, 1, 0, 3, 9, 7, 7, 2, 5, 5, 3, 7};

// CHECK-LABEL: count:
// CHECK-NOT: &= 0xf
// CHECK: r{{[6-9]}} += 0x4
// CHECK: call {{.*}}1
// RESULT: 0x9
// RESULT-NEXT: seen[7] = 37
SEC("socket") int count(struct __sk_buff *skb) {
  __u32 found = 0;
  for (__u32 i = 0; i < 16; i++) {
    __u32 key = keys[i & 15];
    __u64 *value = bpf_map_lookup_elem(&seen, &key);
    if (value) {
      *value += i;
      found++;
    } else {
      __u64 one = 1;
      bpf_map_update_elem(&seen, &key, &one, BPF_ANY);
    }
  }
  return found;
}

char _license[] SEC("license") = "GPL";
