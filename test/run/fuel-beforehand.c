// RUN: %spile exec -q --unverified --engine=checked,jit --prog counted %s --mem 40000000 | FileCheck %s
// RUN: %python %inputs/exits.py 1 %spile exec -q --unverified --engine=jit --prog counted %s --mem 40000000 --fuel 1000 2>&1 | FileCheck %s --check-prefix=FUEL
// RUN: %spile exec -q --unverified --engine=jit --prog counted %s --mem 02000000 --fuel 1000 | FileCheck %s --check-prefix=FEW
// RUN: %python %inputs/exits.py 1 %spile exec -q --unverified --engine=jit --prog outside %s 2>&1 | FileCheck %s --check-prefix=FAULT
// A loop that is asked for its fuel beforehand could run on without any, end before its time, or write past its memory.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u32 from[256], to[256];

// The loop may go round 256 times, as often as it does is known when it runs.
// CHECK: 0x7e0
// FUEL: error: stopped: it may execute 1000 instructions [OutOfFuel]
// FEW: 0x1
SEC("syscall") int counted(__u32 *ctx) {
  __u32 sum = 0, turns = *ctx & 0xff;
  for (__u32 i = 0; i < turns; i++) from[i] = i;
  for (__u32 i = 0; i < turns; i++) sum += to[i] = from[i];
  return sum;
}

// FAULT: fuel-beforehand.c:[[#@LINE+4]]:{{[0-9]+}}: error: writes 4 bytes at 0x{{[0-9a-f]+}}: {{.*}} [OutsideMemory]
SEC("syscall") int outside(void *ctx) {
  volatile __u32 *words = to;
  for (__u32 i = 0; i < 700; i++)
    words[i] = i;
  return 0;
}
char _license[] SEC("license") = "GPL";
