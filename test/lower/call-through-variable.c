// RUN: %spile build %s -o %t.o && llvm-objdump-19 -d %t.o | FileCheck %s
// RUN: not %spile build -DUNKNOWN %s -o %t.o 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// A pointer that is a variable, or a member of a struct, is called where the optimizer finds out what it points to.
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct reader {
  long (*parse)(void *data, long length);
  void *data;
};
long at;
static __always_inline void copy(void *from, long *to, bool is_user) {
  long (*read)(void *, __u32, const void *) = 0;
  if (is_user)
    read = bpf_probe_read_user;
  else
    read = bpf_probe_read_kernel;
  read(to, sizeof *to, from);
}
static __attribute__((noinline)) long parse_header(void *data, long length) {
  long value = 0;
  bpf_probe_read_user(&value, sizeof value, data);
  return value + length;
}
static __always_inline long run(struct reader *reader) {
  return reader->parse != 0 ? reader->parse(reader->data, 8) : -1;
}
// CHECK: <parse_header>:
// CHECK-LABEL: <user>:
// CHECK: call 0x70
SEC("kprobe/a") int user(unsigned long *ctx) {
  copy((void *)ctx[14], &at, true);
  return 0;
}
// CHECK-LABEL: <kernel>:
// CHECK: call 0x71
SEC("kprobe/b") int kernel(unsigned long *ctx) {
  copy((void *)ctx[14], &at, false);
  return 0;
}
// CHECK-LABEL: <member>:
// CHECK: call -0x1
SEC("kprobe/c") int member(unsigned long *ctx) {
  struct reader reader = {.parse = parse_header, .data = (void *)ctx[14]};
  at = run(&reader);
  return 0;
}
#ifdef UNKNOWN
// UNKNOWN: call-through-variable.c:19:3: error: {{.*}} [IndirectCall]
// UNKNOWN: hint: BPF calls only functions that are known when it is compiled
SEC("kprobe/d") int unknown(unsigned long *ctx) { copy((void *)ctx[14], &at, ctx[13]); return 0; }
#endif
