// RUN: %spile build --emit=ir %s 2>&1 | FileCheck %s --allow-empty
// mode(…) gives integers and enums the width that bpftool writes for an enum of one byte: clang takes the same assertions.
enum small { A0, A1 } __attribute__((mode(byte)));
enum __attribute__((mode(HI))) negative { B0, B1 = -3 };
enum wide { C0 } __attribute__((__mode__(__DI__)));
typedef unsigned narrow __attribute__((__mode__(__QI__)));
typedef int word __attribute__((mode(word)));
__attribute__((mode(QI))) int before;
struct member { int x __attribute__((mode(HI))); enum small y; };
_Static_assert(sizeof(enum small) == 1 && sizeof(enum negative) == 2 && sizeof(enum wide) == 8, "enums");
_Static_assert(sizeof(narrow) == 1 && sizeof(word) == 8 && sizeof(before) == 1 && sizeof(struct member) == 4, "integers");
_Static_assert(sizeof(A0) == 4 && (narrow)-1 > 0 && (word)-1 < 0 && (enum small)-1 < 0, "constants and signs");
// CHECK-NOT: error:
