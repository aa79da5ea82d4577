// RUN: %spile build --emit=ir %s 2>&1 | FileCheck %s
// The length of an array may be a `const` variable with a constant value, as with clang.
// CHECK-NOT: error:
int sizes(void) {
  const unsigned int count = 8, more = count + 4;
  char small[count] = {0}, large[2 * more - 1];
  _Static_assert(sizeof(small) == 8 && sizeof(large) == 23, "lengths");
  large[0] = 1;
  return small[3] + large[0];
}
