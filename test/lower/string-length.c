// RUN: %spile build %s -o %t.o && llvm-objdump-19 -d %t.o | FileCheck %s
// RUN: not %spile build -DUNKNOWN %s -o %t.o 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// The length of a string that an inlined function is given is known where it is inlined, and so is what is copied.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct record {
  char file[32];
  __u64 length;
} last;
static __always_inline void log_file(struct record *to, const void *file) {
  __u64 length = __builtin_strlen(file);
  if (length >= sizeof to->file)
    length = sizeof to->file - 1;
  __builtin_memcpy(to->file, file, length);
  to->file[length] = 0;
  to->length = length;
}
// CHECK-LABEL: <known>:
// CHECK-NOT: if
// CHECK: *(u64 *)(r{{[0-9]}} + 0x20) = 0x7
// CHECK-NOT: if
// CHECK: exit
SEC("xdp") int known(struct xdp_md *ctx) {
  log_file(&last, "probe.c");
  return XDP_PASS;
}
#ifdef UNKNOWN
// UNKNOWN: string-length.c:[[@LINE+2]]:10: error: `strlen` of a string that is not known before the program runs [StrlenOfVariable]
SEC("xdp") int unknown(struct xdp_md *ctx) {
  return __builtin_strlen(last.file);
}
#endif
