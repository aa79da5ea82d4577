// RUN: %spile build -isystem %S/Inputs %s -o - --emit=ir | FileCheck %s
// RUN: not %spile build -isystem %S/Inputs -DFAULTY %s -o - --emit=ir 2>&1 | FileCheck --check-prefix=FAULTY %s
// Enumerators that a macro of a header makes are there when they are used, as the macro was in the header.
#include <enumerators-of-macros.inc>

enum number of_tag = 2;
// CHECK: seven
// CHECK: ret {{.*}}7
__attribute__((section("socket"))) int seven(void *ctx) { return NUMBER_seven; }
// CHECK: last
// CHECK: ret {{.*}}8
__attribute__((section("socket"))) int last(void *ctx) { return NUMBER_LAST; }
// CHECK: other
// CHECK: ret {{.*}}101
__attribute__((section("socket"))) int other(void *ctx) { return OTHER_one; }

#ifdef FAULTY
// FAULTY: error: `NUMBER_sevn` is not declared
// FAULTY: hint: did you mean `NUMBER_seven`?
int none(void) { return NUMBER_sevn; }
#endif
