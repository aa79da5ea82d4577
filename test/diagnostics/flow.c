// RUN: %spile build -Wall -Wimplicit-fallthrough -Wunreachable-code -Wshadow --emit=ir %s 2>&1 >/dev/null | FileCheck %s
// Control flow that surprises: cases that run into each other or are missing, bodies that are empty, code behind a return.
enum colour { RED, GREEN, BLUE };
int f(enum colour c, int n) {
  // CHECK-DAG: [[@LINE+1]]:11: warning: `BLUE` of `enum colour` has no case in this switch [EnumNotHandled] [-Wswitch]
  switch (c) {
  case RED:
    n = 1;
  // CHECK-DAG: [[@LINE+1]]:3: warning: {{.*}} [ImplicitFallthrough] [-Wimplicit-fallthrough]
  case GREEN:
    break;
  // CHECK-DAG: [[@LINE+1]]:8: warning: {{.*}} [CaseNotInEnum]
  case 7:
    n = 2;
    __attribute__((fallthrough));
  case 8:
    break;
  }
  // CHECK-DAG: [[@LINE+1]]:14: warning: {{.*}} [EmptyBody] [-Wempty-body]
  if (n == 1);
  {
    // CHECK-DAG: [[@LINE+1]]:9: warning: `n` hides another of that name [Shadow] [-Wshadow]
    int n = 3;
    c += n;
  }
  return n;
  // CHECK-DAG: [[@LINE+1]]:3: warning: {{.*}} [UnreachableCode]
  n = 2;
}
