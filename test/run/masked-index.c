// RUN: %spile build %s -o %t.o
// RUN: %spile exec -q --engine=interp,jit --no-cache --prog=loads --mem 11111111111111f122222222222222220300000000000000 %t.o | FileCheck %s --check-prefix=LOADS
// RUN: %spile exec -q --engine=interp,jit --no-cache --prog=bytes --mem 11111111111111f122222222222222220300000000000000 %t.o | FileCheck %s --check-prefix=BYTES
// RUN: %spile exec -q --engine=interp,jit --no-cache --prog=stores --mem 11111111111111f122222222222222220300000000000000 %t.o | FileCheck %s --check-prefix=STORES
// A number that is an index and a value of the same instruction: LLVM 19 loses it while it matches the address, and
// crashes or stores what lies in some register.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct words {
  __u64 x, y, z;
};

// The mask reaches the highest bit.
SEC("syscall") int loads(struct words *in) {
  volatile __u64 table[2] = {in->y, in->z};
  __u64 i = (in->x >> 60) & 8;
  return *(volatile __u64 *)((char *)table + i) + i;  // LOADS: 0xb
}

// Eight bits in the middle.
SEC("syscall") int bytes(struct words *in) {
  volatile __u64 table[32] = {};
  table[0x11] = in->z;
  __u64 i = (in->x >> 5 & 0x7f8) & 0xf8;
  return *(volatile __u64 *)((char *)table + i) + i;  // BYTES: 0x8b
}

SEC("syscall") int stores(struct words *in) {
  volatile __u64 table[2] = {in->y, in->z};
  __u64 i = (in->x >> 60) & 8;
  *(volatile __u64 *)((char *)table + i) = i;
  return table[1];  // STORES: 0x8
}

char _license[] SEC("license") = "GPL";
