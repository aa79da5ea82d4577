// RUN: %spile build --emit=ir-raw %s | FileCheck %s
// A variable's section follows from its initializer and its qualifiers; strings are merged by content.
int zero;
int data = 1;
const volatile int configured;
const char *const names[] = { "one", "two", "one" };
// CHECK: global @zero global section ".bss" size 4
// CHECK: global @data global section ".data" size 4 {{.*}}bytes "01000000"
// CHECK: global @configured global section ".rodata" size 4
// CHECK: global @names global section ".rodata" size 24 {{.*}}{ 0: @[[ONE:.*]], 8: @{{.*}}, 16: @[[ONE]] }
