// RUN: env LD_DEBUG=files %spile exec -q --engine=auto --no-cache --repeat 3000 %s 2>&1 | FileCheck %s --check-prefixes=HOT,CHECK
// RUN: env LD_DEBUG=files %spile exec -q --engine=auto --no-cache --repeat 3 %s 2>&1 | FileCheck %s --implicit-check-not=spile-jit.so
// RUN: %spile exec -q --engine=interp,auto,jit --no-cache --repeat 3000 %s | FileCheck %s
// A hot program would be interpreted for ever, a program that runs three times would pay for LLVM, or the two would differ.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 1);
} total SEC(".maps");

static long turn(__u32 i, __u64 *sum) { *sum += i * i; return 0; }

// HOT: spile-jit.so
SEC("syscall") int count(void *ctx) {
  __u64 sum = 0;
  __u32 key = 0;
  bpf_loop(5000, turn, &sum, 0);
  __u64 *all = bpf_map_lookup_elem(&total, &key);
  if (all) *all = *all * 31 + sum;
  return sum & 0xffff;
}
// CHECK: 0x27cc
// CHECK: total = {{[0-9]+}}
char _license[] SEC("license") = "GPL";
