// RUN: %spile build -Wall --emit=ir %s 2>&1 >/dev/null | FileCheck %s --implicit-check-not=warning:
// RUN: not %spile build -Wall -Werror=unused-variable --emit=ir %s 2>&1 >/dev/null | FileCheck %s --check-prefix=ERROR
// RUN: %spile build -Wall -w --emit=ir %s 2>&1 >/dev/null | count 0
// A pragma silences from its line on until it is popped, in macros too; -Werror=NAME makes an error of one warning.
#define QUIET(x) ({ _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wint-conversion\"") \
                    unsigned long y_ = x; _Pragma("GCC diagnostic pop") y_; })
int f(int *p) {
  // CHECK: [[@LINE+2]]:7: warning: {{.*}} [UnusedVariable]
  // ERROR: [[@LINE+1]]:7: error: {{.*}} [UnusedVariable]
  int loud = 1;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-variable"
  int silent = 2;
#pragma GCC diagnostic pop
  // CHECK: [[@LINE+1]]:7: warning: {{.*}} [UnusedVariable]
  int again = 3;
  return QUIET(p) != 0;
}
