// RUN: not %spile build -E %s 2>&1 | FileCheck %s
// Pragmas that speak are heard, those that would change the program are not passed over, others are silent.
#pragma GCC poison strcpy
strcpy
// CHECK: pragmas.c:4:1: error: `strcpy` was poisoned by a `#pragma` and must not be used [PoisonedName]
#pragma message("three" " words")
// CHECK: warning: #pragma message: three words [PragmaMessage]
#pragma weak f
// CHECK: warning: this `#pragma weak` is ignored: write an `__attribute__` at the declaration [BadPragma]
#pragma clang attribute pop
// CHECK: warning: this `#pragma clang attribute` is ignored: `pop` without a `push` [BadPragma]
#pragma STDC FP_CONTRACT ON
#pragma unheard_of
#pragma GCC error "no"
// CHECK-NOT: unheard_of
// CHECK: error: #pragma GCC error: no [PragmaError]
#embed "file.bin"
// CHECK: error: `#embed` is not part of the language [EmbedUnsupported]
// CHECK: hint: `xxd -i FILE > file.h` makes an array
