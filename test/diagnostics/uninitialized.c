// RUN: %spile build --emit=ir %s 2>&1 | FileCheck %s
// A read of a variable without a value is a warning, with the deciding branch where it is not certain.
int certain(void) {
  int n;
  // CHECK: [[@LINE+2]]:10: warning: `n` is read before it was given a value [UninitializedRead] [-Wuninitialized]
  // CHECK: [[@LINE-2]]:7: note: `n` is declared here
  return n;
}
int sometimes(int given) {
  int n;
  if (given)
    n = 1;
  // CHECK: [[@LINE+2]]:10: warning: `n` may be read before it was given a value [MaybeUninitialized]
  // CHECK: [[@LINE-3]]:7: note: it has none when this condition is false
  return n;
}
// CHECK-NOT: warning:
int never(int given) {
  int n, m = m, found;
  if (given)
    n = 1;
  else
    n = 2;
  for (int i = 0; i < given; i++)
    found = i;
  return n + m + found;
}
