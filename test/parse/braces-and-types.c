// RUN: not %spile build --emit=ast %s 2>&1 | FileCheck %s
// Braces and types where a value is wanted, and values in a struct, are called by their names.
typedef int number;
struct with_value { int a = 3; };
// CHECK: :[[#@LINE-1]]:{{.*}} a member cannot be initialized in its record [InitializedMember]
int braces(int n) {
  n = {1};
  // CHECK: :[[#@LINE-1]]:7: error: braces initialize, and a value is wanted here [BracesInExpression]
  // CHECK: hint: a compound literal has its type in front
  return n + number;
  // CHECK: :[[#@LINE-1]]:14: error: `number` is a type, and a value is wanted here [TypeAsExpression]
}
