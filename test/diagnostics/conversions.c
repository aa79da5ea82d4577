// RUN: %spile build -Wconversion -Wsign-conversion --emit=ir %s 2>&1 >/dev/null | FileCheck %s
// RUN: %spile build --emit=ir %s 2>&1 >/dev/null | FileCheck %s --check-prefix=DEFAULT --implicit-check-not=warning:
// Conversions that lose bits are told on request; constants that do not fit always.
typedef int (*of_int)(int);
int of_char(char c);
unsigned char f(unsigned long wide, int n) {
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: {{.*}} [Shorten64To32] [-Wshorten-64-to-32]
  int half = wide;
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: {{.*}} [ImplicitTruncation]
  char narrow = n;
  // CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: {{.*}} [SignConversion]
  unsigned u = n;
  char masked = n & 0x7f;
  // CHECK: [[@LINE+2]]:{{[0-9]+}}: warning: {{.*}} [ConstantTruncated]
  // DEFAULT: [[@LINE+1]]:{{[0-9]+}}: warning: 300 does not fit into `unsigned char`: it becomes 44 [ConstantTruncated]
  unsigned char small = 300;
  return small + half + narrow + u + masked;
}
