// RUN: %spile build -S %s -o - | FileCheck %s
// RUN: %spile check %s
// A size that is compared in 64 bits and used in 32 was compared in a copy, of which the verifier learned nothing for
// the size.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct args {
  unsigned long long common;
  long id;
  long length;
};
// CHECK: if w[[LENGTH:[0-9]]] > 0x10 goto
// CHECK: w2 = w[[LENGTH]]
// CHECK: call 0x6
SEC("tracepoint/syscalls/sys_enter_read") int size(struct args *c) {
  char text[16] = "hello";
  unsigned int length = c->length;
  if (length == 0 || length > sizeof(text)) return 0;
  bpf_trace_printk(text, length);
  return 0;
}
char _license[] SEC("license") = "GPL";
