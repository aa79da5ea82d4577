// RUN: not %spile check %s 2>&1 | FileCheck %s
// Without it, a number plus a record would be taken for a number once the record is submitted, and the kernel refuses.
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} records SEC(".maps");

SEC("xdp") __attribute__((naked)) int divided(void) {
  asm volatile(
      "r1 = %[records] ll; r2 = 8; r3 = 0; call %[reserve]; if r0 == 0 goto 1f;"
      "r6 = 4; r6 += r0; r1 = r0; r2 = 0; call %[submit];"
      // CHECK: [[@LINE+1]]:{{[0-9]+}}: error: {{.*}}r6
      "r6 /= 3;"
      "1: r0 = 0; exit" ::[records] "i"(&records),
      [reserve] "i"(BPF_FUNC_ringbuf_reserve), [submit] "i"(BPF_FUNC_ringbuf_submit));
}
// CHECK: kernel says: R6 !read_ok
// CHECK: divided (xdp): rejected

char LICENSE[] SEC("license") = "GPL";
