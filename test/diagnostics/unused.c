// RUN: %spile build -Wall -Wextra --emit=ir %s 2>&1 >/dev/null | FileCheck %s --implicit-check-not=silenced
// What is declared and never used is named under -Wall and -Wextra, and only there.
static int never_called(void) { return 1; }
// CHECK-DAG: :[[@LINE-1]]:12: warning: function `never_called` is not used [UnusedFunction] [-Wunused-function]
static const int kNever = 3;
// CHECK-DAG: :[[@LINE-1]]:18: warning: {{.*}} [UnusedConstVariable]
__attribute__((warn_unused_result)) int must(void);
int f(int unused_parameter, int n) {
  // CHECK-DAG: :[[@LINE-1]]:11: warning: {{.*}} [UnusedParameter]
  int local = 1;
  // CHECK-DAG: :[[@LINE-1]]:7: warning: {{.*}} [UnusedVariable]
  int written;
  // CHECK-DAG: :[[@LINE-1]]:7: warning: {{.*}} [UnusedButSet]
  int silenced __attribute__((unused)) = 2;
  written = n;
  n == 3;
  // CHECK-DAG: :[[@LINE-1]]:3: warning: {{.*}} [UnusedComparison]
  n + 1;
  // CHECK-DAG: :[[@LINE-1]]:3: warning: {{.*}} [UnusedValue]
  must();
  // CHECK-DAG: :[[@LINE-1]]:3: warning: {{.*}} [UnusedResult]
nowhere:
  // CHECK-DAG: :[[@LINE-1]]:1: warning: {{.*}} [UnusedLabel]
  return n;
}
