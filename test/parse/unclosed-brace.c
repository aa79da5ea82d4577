// RUN: not %spile build --emit=ast %s 2>&1 | FileCheck %s
// A brace that is never closed is named where it was opened.
int f(int x) {
  while (x) {
    x--;
  return x;
}
// CHECK: error: expected `}`, found the end of the file [UnclosedBrace]
// CHECK: unclosed-brace.c:3:14: note: this `{` is not closed
