// RUN: %spile build --emit=ir-raw %s | FileCheck %s
// The padding of an initialized object is zero: a map compares keys byte by byte.
void use(void *key);
void f(char c) { struct { char c; long l; } key = { .c = c, .l = 1 }; use(&key); }
// CHECK: memset ${{[0-9]+}}, i8 0, 8
// CHECK: store i64 1, ${{[0-9]+}}, 8
