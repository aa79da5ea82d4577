// RUN: %spile build --emit=ir-raw %s | FileCheck %s
// Assembly in a function that nobody calls is no error: libbpf's headers have some.
// RUN: not %spile build --emit=ir-raw -DCALL %s 2>&1 | FileCheck --check-prefix=CALL %s
static inline int tail_call(void) { asm volatile("call 12"); return 0; }
#ifdef CALL
int f(void) { return tail_call(); }
#else
int f(void) { return 1; }
#endif
// CHECK: ret i32 1
// CALL: :4:{{[0-9]+}}: error: inline assembly with instructions is not supported [InlineAssembly]
