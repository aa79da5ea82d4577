// RUN: %spile build --emit=ir %s -o %t 2>&1 | FileCheck %s
// A section that names no kind of program is a warning with the nearest names: its loader may know better.
int counts[4] __attribute__((section(".data.counts")));
__attribute__((section("tracepont/syscalls/sys_enter_kill"), used)) int f(void *ctx) { return 0; }
// CHECK: unknown-section.c:4:{{[0-9]+}}: warning: section `tracepont/syscalls/sys_enter_kill` of `f` names no kind of program [UnknownSection]
// CHECK: hint: did you mean `tracepoint`
// CHECK-NOT: error:
