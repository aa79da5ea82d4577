// RUN: not %spile build --emit=ir %s 2>&1 | FileCheck %s --implicit-check-not=error:
// Faults of syntax do not hide those of sense in the same file, and none is told because another was.
struct record { int first; int second third; };
int early(int n) { return n + missing_one; }
int broken(int n) {
  int cut = n * ;
  n = missing_two;
  return cut;
}
int late(struct record *r) {
  r->first = 3
  return r->second + r->fourth;
}
// CHECK: :3:{{.*}} error: expected `;` after the member [ExpectedAfter]
// CHECK: :6:{{.*}} error: expected an expression, found `;` [ExpectedFound]
// CHECK: :11:{{.*}} error: expected `;` after the expression [ExpectedAfter]
// CHECK: error: `missing_one` is not declared [UndeclaredIdentifier]
// CHECK: error: `missing_two` is not declared [UndeclaredIdentifier]
// CHECK: error: there is no member `fourth` in `struct record` [NoMember]
