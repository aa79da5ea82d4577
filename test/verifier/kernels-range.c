// RUN: %python %inputs/exits.py 2 %spile check --kernel 4.15,5.10 %s 2>&1 | FileCheck %s --check-prefix=OLD
// RUN: %python %inputs/exits.py 2 %spile check --kernel 7.9 %s 2>&1 | FileCheck %s --check-prefix=NEW
// RUN: %python %inputs/exits.py 1 %spile check --kernel 5.10,6.18 %s 2>&1 | FileCheck %s
// What no table tells apart is not answered; a map is made though no program touches it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} unused SEC(".maps");
SEC("xdp") int pass(struct xdp_md *ctx) { return XDP_PASS; }
char LICENSE[] SEC("license") = "GPL";
// OLD: --kernel knows Linux 5.10 to 6.18; not 4.15
// NEW: --kernel knows Linux 5.10 to 6.18; not 7.9
// CHECK: Linux 5.10: rejected: the map `unused` (user ring buffer) came with 6.1
// CHECK: Linux 6.18: accepted
