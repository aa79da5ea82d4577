// RUN: %spile build --emit=asm -mcpu=v2 -Wasm-newer-than-cpu %s 2>&1 | FileCheck %s
// Assembly may use newer instructions than -mcpu, as with clang; a warning tells of it when it is asked for.
long f(long x) {
  asm("%0 s/= 3" : "+r"(x));
  return x;
}
// CHECK: warning: the assembly has instructions of -mcpu=v4, and the program is built for v2 [AsmNewerThanCpu] [-Wasm-newer-than-cpu]
