// RUN: %spile build --emit=ir %s | FileCheck %s
// Without it, iterators and the arguments of functions of the kernel would each keep a place of the frame to themselves.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *ptr) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *ptr, __u32 offset, void *buffer, __u32 buffer__szk) __ksym;

// CHECK-LABEL: func @iterators
// CHECK: call.i32 @bpf_iter_num_new([[SLOT:\$[0-9]+]], i32 0, i32 3)
// CHECK: call.i32 @bpf_iter_num_new([[SLOT]], i32 0, i32 5)
long sum;
SEC("tc")
int iterators(struct __sk_buff *ctx) {
  for (int round = 0; round < 100; round++) {
    struct bpf_iter_num first, second;
    int *v;
    bpf_iter_num_new(&first, 0, 3);
    while ((v = bpf_iter_num_next(&first)))
      sum += *v;
    bpf_iter_num_destroy(&first);
    bpf_iter_num_new(&second, 0, 5);
    while ((v = bpf_iter_num_next(&second)))
      sum -= *v;
    bpf_iter_num_destroy(&second);
  }
  return 0;
}

// What bpf_dynptr_slice() gives may lie in its buffer, which is in use as long.
// CHECK-LABEL: func @buffers
// CHECK: call.ptr @bpf_dynptr_slice({{.*}}, [[FIRST:\$[0-9]+]],
// CHECK-NOT: call.ptr @bpf_dynptr_slice({{.*}}, [[FIRST]],
// CHECK: ret
SEC("tc")
int buffers(struct __sk_buff *ctx) {
  struct bpf_dynptr packet;
  char a[16], b[16];
  bpf_dynptr_from_skb(ctx, 0, &packet);
  char *p = bpf_dynptr_slice(&packet, 0, a, sizeof(a)), *q = bpf_dynptr_slice(&packet, 16, b, sizeof(b));
  return p && q ? p[0] - q[0] : 0;
}
char LICENSE[] SEC("license") = "GPL";
