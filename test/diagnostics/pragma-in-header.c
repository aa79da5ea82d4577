// RUN: not %spile build %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
// A pragma of a header holds behind its `#include` as well, as in clang, and not before it.
int first(unsigned long n) {
  // CHECK: pragma-in-header.c:[[@LINE+1]]:12: error: {{.*}} [IntegerToPointer] [-Wint-conversion]
  int *p = n;
  return p != 0;
}
// CHECK: silences-conversions.inc:2:{{.*}} error: {{.*}} [IntegerToPointer] [-Wint-conversion]
#include "../Inputs/silences-conversions.inc"
int last(unsigned long n) {
  int *p = n;
  return p != 0 || before(n) || behind(n);
}
