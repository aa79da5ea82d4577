// RUN: not %spile build --emit=ir %s 2>&1 | FileCheck %s
// What BPF cannot do is an error that names the construct and says what to write instead.
long scale(long a) { return a * 1.5; }
int sum(int n) { int a[n]; return a[0]; }
int log(const char *format, ...) { return 0; }
// CHECK: :3:{{[0-9]+}}: error: `double` is used, and BPF has no floating point [FloatingPoint]
// CHECK: :4:{{[0-9]+}}: error: array `a` has a length that is known only at run time [VariableLengthArray]
// CHECK: hint: a BPF program has no dynamic stack
// CHECK: :5:{{[0-9]+}}: error: function `log` is defined with a variable number of arguments [VariadicDefinition]
