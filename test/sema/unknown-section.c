// RUN: not %spile build --emit=ir %s 2>&1 | FileCheck %s
// A section that names no kind of program is an error with the nearest names; variables may have any section.
int counts[4] __attribute__((section(".data.counts")));
__attribute__((section("tracepont/syscalls/sys_enter_kill"), used)) int f(void *ctx) { return 0; }
// CHECK: unknown-section.c:4:{{[0-9]+}}: error: section `tracepont/syscalls/sys_enter_kill` of `f` names no kind of program [UnknownSection]
// CHECK: hint: did you mean `tracepoint`
// CHECK-NOT: error:
