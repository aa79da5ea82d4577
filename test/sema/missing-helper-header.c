// RUN: not %spile build --emit=ir %s 2>&1 | FileCheck %s
// A helper that is not declared names the header that declares it.
int f(void) { return bpf_ktime_get_ns() != 0; }
// CHECK: error: the function `bpf_ktime_get_ns` is not declared [UndeclaredFunction]
// CHECK: hint: `bpf_ktime_get_ns` is a helper: `#include <bpf/bpf_helpers.h>` declares it
