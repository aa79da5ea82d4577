// RUN: not %spile build --emit=ast %s 2>&1 | FileCheck %s
// A missing header is reported with the places searched and the nearest header that exists.
#include <bpf/bpf_helper.h>
// CHECK: missing-header.c:3:10: error: cannot find the header `bpf/bpf_helper.h` [HeaderNotFound]
// CHECK: searched: the shipped headers
// CHECK: did you mean `<bpf/bpf_helpers.h>`?
