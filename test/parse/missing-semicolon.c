// RUN: not %spile build --emit=ast %s 2>&1 | FileCheck %s
// A missing semicolon is reported after the token before it, once, and the rest is parsed.
int f(int x) {
  int y = x + 1
  return y +;
}
// CHECK: missing-semicolon.c:4:16: error: expected `;` after the declaration [ExpectedAfter]
// CHECK: missing-semicolon.c:5:13: error: expected an expression, found `;` [ExpectedFound]
// CHECK-NOT: error:
