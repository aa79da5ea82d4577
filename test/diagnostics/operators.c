// RUN: %spile build -Wall -Wextra --emit=ir %s 2>&1 >/dev/null | FileCheck %s
// Operators that do not do what they seem to are named as clang names them.
int f(int a, int b, unsigned u, unsigned char c, char *s) {
  // CHECK: [[@LINE+1]]:18: warning: {{.*}} [LogicalParentheses] [-Wlogical-op-parentheses]
  int r = a || b && c;
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: {{.*}} [BitwiseParentheses]
  r += a | b & c;
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: {{.*}} [ShiftParentheses]
  r += a << b + 1;
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: `&` comes after `==`, which binds tighter [BitwiseOfComparison]
  r += a & b == 1;
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: {{.*}} [LogicalNotParentheses]
  r += !a == b;
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: numbers of different sign are compared: `int` and `unsigned int` [SignCompare]
  r += a < u;
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: `a` is compared with itself: that is always true [SelfComparison]
  r += a == a;
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: 300 is outside of `unsigned char`: the comparison is always true [ComparisonOutOfRange]
  r += c < 300;
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: {{.*}} [UnsignedBelowZero]
  r += u < 0;
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: {{.*}} [StringComparison]
  r += s == "text";
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: {{.*}} [SelfAssignment]
  a = a;
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: {{.*}} [ShiftCountNegative]
  r += a << -1;
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: `sizeof(s)` is 8, the size of the pointer [SizeofPointer]
  __builtin_memset(s, 0, sizeof(s));
  return r;
}
