// RUN: %spile build --emit=ir %s 2>&1 | FileCheck %s
// Pointers of the wrong type, sign or constness are warnings, as in clang; void pointers fit everywhere.
struct key { int pid; };
void take(struct key *k);
void f(char *c, const struct key *k, void *v) { take((void *)c); take(v); take(k); take(c); }
// CHECK-NOT: warning:
// CHECK: :5:{{[0-9]+}}: warning: passing `const struct key *` as argument 1 (`k`) of type `struct key *` drops `const` [DiscardsQualifiers]
// CHECK: :5:{{[0-9]+}}: warning: incompatible pointers: passing `char *` as argument 1 (`k`) of type `struct key *` [IncompatiblePointers]
// CHECK-NOT: warning:
