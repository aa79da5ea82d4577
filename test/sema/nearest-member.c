// RUN: not %spile build --emit=ir %s 2>&1 | FileCheck %s
// A misspelled member is an error with the nearest member as a hint and a note where it is declared.
struct event { int pid; long time_ns; };
long f(struct event *e) { return e->tiem_ns + e->pdi; }
// CHECK: nearest-member.c:4:{{[0-9]+}}: error: there is no member `tiem_ns` in `struct event` [NoMember]
// CHECK: nearest-member.c:3:{{[0-9]+}}: note: `time_ns` is declared here
// CHECK: hint: did you mean `time_ns`?
// CHECK: error: there is no member `pdi` in `struct event` [NoMember]
// CHECK: hint: did you mean `pid`?
