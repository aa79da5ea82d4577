// REQUIRES: kernel-btf
// RUN: %spile check --btf host %s 2>&1 | FileCheck %s
// RUN: %spile check -q --diagnostics=json --btf host %s 2>&1 | FileCheck %s --check-prefix=JSON
// RUN: %spile check -q -Wno-unknown-attach-target --btf host %s 2>&1 | count 0
// RUN: %spile check --prog right --btf host %s 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not %spile check -Werror --btf host %s 2>&1 | FileCheck %s --check-prefix=WERROR
// A program on a function that the kernel has not is found by no one but the loader.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
SEC("fentry/vfs_raed") int mistyped(void *ctx) { return 0; }
SEC("tp_btf/sched_switsh") int passed(void *ctx) { return 0; }
SEC("lsm/file_opne") int hooked(void *ctx) { return 0; }
SEC("?iter/taks") int iterated(void *ctx) { return 0; }
SEC("fentry/vfs_read") int right(void *ctx) { return 0; }
char LICENSE[] SEC("license") = "GPL";
// CHECK-NOT: right
// CHECK: fentry-missing.c:10:{{.*}} warning: program `mistyped` (fentry/vfs_raed): that kernel has no function `vfs_raed` [UnknownAttachTarget]
// CHECK: hint: did you mean `vfs_read`?
// CHECK: program `passed` (tp_btf/sched_switsh): that kernel has no tracepoint `sched_switsh`
// CHECK: hint: did you mean `sched_switch`?
// CHECK: program `hooked` (lsm/file_opne): that kernel has no LSM hook `file_opne`
// CHECK: hint: did you mean `file_open`?
// CHECK: program `iterated` (?iter/taks): that kernel has no iterator `taks`
// CHECK: hint: did you mean `task`?
// CHECK-NOT: warning:
// JSON: "line":10{{.*}}"severity":"warning","name":"UnknownAttachTarget","flag":"-Wunknown-attach-target"
// OTHER-NOT: warning
// OTHER: right (fentry/vfs_read): accepted
// WERROR: error: program `mistyped`
