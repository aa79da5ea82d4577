// RUN: %spile build -E -mcpu=v1 %s | FileCheck --check-prefix=V1 %s
// RUN: %spile build -E -mcpu=v4 -O0 %s | FileCheck --check-prefix=V4 %s
// What clang predefines for an instruction set follows -mcpu, and -O.
__BPF_CPU_VERSION__ __BPF_FEATURE_ALU32 __BPF_FEATURE_MOVSX __OPTIMIZE__ __NO_INLINE__
// V1: 1 __BPF_FEATURE_ALU32 __BPF_FEATURE_MOVSX 1 __NO_INLINE__
// V4: 4 1 1 __OPTIMIZE__ 1
