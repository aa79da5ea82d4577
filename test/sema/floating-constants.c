// RUN: %spile build --emit=ir-raw %s | FileCheck %s
// RUN: %clang-bpf -fsyntax-only %s
// Numbers with a fraction are computed by the compiler, with C's types, when they end as integers.
_Static_assert(1.5 * 2 == 3 && .1f != .1 && 0.1f + 0.2f == 0.3f && 0.1 + 0.2 != 0.3 && !0.0 && -1.5 < 0, "computed as doubles and floats");
_Static_assert(0x1.8p1 == 3.0L && 1e3 == 1000 && sizeof(1.0f) == 4 && sizeof(1.0f + 1.0) == 8, "literals and types");
_Static_assert((unsigned char)200.9 == 200 && (int)-1.9 == -1 && (_Bool)0.5, "cut towards zero");
_Static_assert(16777217 == 16777216.0f && 16777217 - 16777216.0f == 0, "an int becomes the float that is nearest");
int array[(int)2.5];
long table[] = {1e9 / 3, (long)(0.25 * 4096), 1 ? 2.5 + .5 : 1, 18446744073709551615.0 > 1};
// CHECK: {{.*}}table{{.*}}
int in_code(int n) {
  if (1.5 > 1)
    n += (int)2.0;
  return n * (int)(100 * 1.5) + _Generic(1.0f, float: 1, default: 2);
}
// CHECK-LABEL: func @in_code(
// CHECK: mul.i32 {{.*}}, i32 150
