// RUN: not %spile check -q %s 2>&1 | FileCheck %s
// What the kernel says in its own words and counts from 0, and what a register holds that has no name of its own.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
int zero;
// CHECK-DAG: [[#@LINE+3]]:{{[0-9]+}}: error: the global function `takes_any` cannot be called: nobody knows how many bytes its parameter 1 points to [BadSignature]
__attribute__((noinline)) int takes_any(void *p) { return p != 0; }
// CHECK-DAG: hint: make the function `static`, which verifies it where it is called
SEC("socket") int calls(struct __sk_buff *skb) { return takes_any(&zero); }
// CHECK-DAG: error: `p` may be NULL here, and is computed with [NullArithmetic]
__attribute__((noinline)) int indexes(char *p, unsigned i) {
  if (i > 1) return 0;
  return p[i];
}
SEC("socket") int calls_indexes(struct __sk_buff *skb) { return indexes((char *)&zero, skb->len); }
struct args {
  unsigned long long common;
  long id, fd;
};
// CHECK-DAG: hint: a program writes to its stack, its maps and packets; `bpf_probe_write_user()` writes to a process
SEC("tracepoint/syscalls/sys_enter_read") int writes(struct args *ctx) {
  *(char *)ctx->fd = 1;
  return 0;
}
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8);
  __type(key, int);
  __type(value, int);
} numbers SEC(".maps");
// CHECK-DAG: error: this loop never ends: nothing that it looks at changes [InfiniteLoop]
// CHECK-DAG: note: the loop through this line was gone round {{[0-9]+}} times on this path
SEC("socket") int waits(struct __sk_buff *skb) {
  int key = 0;
  for (;;) {
    int *n = bpf_map_lookup_elem(&numbers, &key);
    if (!n) return 0;
    if (*n == 5) return 1;
  }
}
