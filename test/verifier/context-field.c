// RUN: %clang-bpf -c %s -o %t.o && %python %inputs/exits.py 1 %spile check %t.o 2>&1 | FileCheck %s
// Without it, a field of the context that this program type must not touch would be an offset and nothing more.
// REQUIRES: clang
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct ctx {
  unsigned long long common;
  long id;
  long args[6];
};

SEC("socket")
int filter(struct __sk_buff *skb) {
  // CHECK: [[@LINE+2]]:{{[0-9]+}}: error: 4 bytes at offset 8 of the context `__sk_buff` cannot be written
  // CHECK: note: `mark` is read-only
  skb->mark = 3;
  // CHECK: [[@LINE+2]]:{{[0-9]+}}: error: 8 bytes at offset 152 of the context `__sk_buff` cannot be read
  // CHECK: note: `tstamp` is not for programs of type `SOCKET_FILTER`
  return skb->tstamp;
}
char LICENSE[] SEC("license") = "GPL";
