// RUN: not %spile build --emit=ir %s 2>&1 | FileCheck %s
// Analysis goes on after an error, and what follows from an error is not reported again.
int f(int a)
{
	int b = missing + 1;
	int *p = missing;
	b = b + missing * 2;
	return b + a.x;
}
// CHECK: one-error-each.c:5:10: error: `missing` is not declared [UndeclaredIdentifier]
// CHECK-NOT: UndeclaredIdentifier
// CHECK: one-error-each.c:8:{{[0-9]+}}: error: member `x` of `int`, which is no struct or union [MemberOfScalar]
// CHECK-NOT: error:
