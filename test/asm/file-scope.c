// RUN: not %spile build --emit=asm %s 2>&1 | FileCheck %s
// Assembly outside of functions is an error of its own.
asm("exit");
// CHECK: error: assembly at file scope is not supported [FileScopeAsm]
