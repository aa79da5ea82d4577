// RUN: not %spile check %s 2>&1 | FileCheck %s
// A context is checked against its hook: a field that the hook has not, another hook's context, a struct left undefined.
#include "vmlinux.h"
#include <spile.h>
#include <spile_contexts.h>
struct own_record { long all, nr, result; };

SEC("tracepoint/syscalls/sys_enter_openat")
int misspelt(struct sys_enter_openat *ctx) { printf("%s\n", str(ctx->filenam)); return 0; }
// CHECK: contexts.c:[[#@LINE-1]]:{{[0-9]+}}: error: there is no member `filenam` in `struct sys_enter_openat` [NoMember]
// CHECK: hint: did you mean `filename`?
// CHECK-NOT: `filenam`

SEC("tracepoint/syscalls/sys_enter_openat")
int general(struct trace_event_raw_sys_enter *ctx) { return ctx->flags; }
// CHECK: error: there is no member `flags` in `struct trace_event_raw_sys_enter` [NoMember]
// CHECK: hint: `struct sys_enter_openat` of <spile_contexts.h> has it

SEC("tracepoint/sched/sched_wakeup")
int by_event(struct trace_event_raw_sched_wakeup *ctx) { return ctx->pid; }
// CHECK: the record of `pid` has the incomplete type `struct trace_event_raw_sched_wakeup` [IncompleteType]
// CHECK: hint: the record of `sched_wakeup` is `struct trace_event_raw_sched_wakeup_template`

SEC("tracepoint/syscalls/sys_exit_openat")
int wrong(struct sys_enter_openat *ctx) { return 0; }
// CHECK: contexts.c:[[#@LINE-1]]:5: warning: `struct sys_enter_openat` is not what `tracepoint/syscalls/sys_exit_openat` gives to its programs [ContextOfAnotherHook]
// CHECK: hint: it gives them `struct sys_exit`

SEC("tracepoint/syscalls/sys_exit_openat")
int own(struct own_record *ctx) { return ctx->result < 0; }
// CHECK-NOT: own_record
