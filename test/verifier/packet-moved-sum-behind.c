// RUN: %clang-bpf -c %s -o %t.o && %python %inputs/exits.py 1 %spile check %t.o 2>&1 | FileCheck %s
// Without it, a pointer that clang adds up behind the call that moves the packet would be one into a process's memory.
// REQUIRES: clang
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("tc")
int moved(struct __sk_buff *skb) {
  void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
  unsigned char *header = data + 14;
  if ((void *)(header + 20) > end)
    return 0;
  // CHECK: error: {{.*}} is a number [NotAPointer]
  // CHECK: [[@LINE+2]]:{{[0-9]+}}: note: `bpf_skb_pull_data` may move the packet
  // CHECK: hint: read `data` and `data_end` again behind that call
  bpf_skb_pull_data(skb, 40);
  return header[8] == 3;
}
char LICENSE[] SEC("license") = "GPL";
