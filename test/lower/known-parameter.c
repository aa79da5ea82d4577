// RUN: %spile build --emit=ir %s | FileCheck %s
// A function that is inlined calls what it is passed, by name, also when it hands it on; a test for null is decided.
static inline __attribute__((always_inline)) long each(int n, long (*visit)(int), long (*last)(int)) {
  return visit(n) + (last ? last(n) : 0);
}
static inline __attribute__((always_inline)) long twice(int n, long (*visit)(int)) { return each(n, visit, 0) + (*visit)(3); }
static __attribute__((noinline)) long first(int x) { return x * 3; }
static __attribute__((noinline)) long second(int x) { return x + 1; }
long probe(int n) { return twice(n, first) + twice(n, &second); }
// CHECK-LABEL: func @probe(
// CHECK: call.i64 @first(%p0)
// CHECK: call.i64 @first(i32 3)
// CHECK: call.i64 @second(%p0)
// CHECK: call.i64 @second(i32 3)
// CHECK-NEXT: add
