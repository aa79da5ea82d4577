// RUN: not %spile build -ferror-limit=2 %s 2>&1 | FileCheck %s --implicit-check-not=error:
// RUN: not %spile build %s 2>&1 | FileCheck %s --check-prefix=ALL
// Ten faults give ten errors, none caused by another, and -ferror-limit=N ends after N.
int a1 = b1;
// CHECK: [[@LINE-1]]:10: error: {{.*}} [UndeclaredIdentifier]
int f2(int x) { return x.field; }
// CHECK: [[@LINE-1]]:25: error: {{.*}} [MemberOfScalar]
struct s3 { struct missing m; };
int f4(void) { return g4(); }
int *f5(int *p, int *q) { return p + q; }
int f6(void) { break; }
int f7(int x) { 3 = x; return 0; }
void f8(void) { return 1; }
int f9(int x) { switch (x) { case 1: case 1: return 1; } return 0; }
_Static_assert(sizeof(int) == 8, "ten");
// ALL: 10 errors
// CHECK: {{[0-9]+}} errors
