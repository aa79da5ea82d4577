// RUN: %python %inputs/exits.py 1 %spile exec --unverified --engine=interp --prog first %s 2>&1 | FileCheck %s --implicit-check-not=after
// RUN: %python %inputs/exits.py 1 %spile exec --unverified --engine=jit --prog first %s 2>&1 | FileCheck %s --implicit-check-not=after
// A run could go on behind the fault of a program that it tail-called from a subprogram: print, and write to maps.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int second(void *ctx);
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __uint(key_size, 4);
  __array(values, int(void *));
} programs SEC(".maps") = {.values = {[0] = (void *)&second}};

SEC("syscall") int second(void *ctx) { return *(volatile int *)8; }

static __attribute__((noinline)) long turn(void *ctx) {
  bpf_tail_call(ctx, &programs, 0);
  return 1;
}

// CHECK: error: reads 4 bytes at 0x8{{.*}} [OutsideMemory]
SEC("syscall") int first(void *ctx) {
  long result = turn(ctx);
  bpf_printk("after");
  return result;
}
char _license[] SEC("license") = "GPL";
