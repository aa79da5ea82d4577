// RUN: not %spile build -E %s 2>&1 | FileCheck %s
// A feature test without its name in parentheses is told from one that says no.
#if __has_attribute "packed"
#elif __has_warning(-Wall)
#endif
// CHECK: :3:5: error: `__has_attribute` takes one name in parentheses [BadFeatureTest]
// CHECK: :4:7: error: `__has_warning` takes one string in parentheses [BadFeatureTest]
