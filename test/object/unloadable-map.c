// RUN: %spile build %s -o %t.o 2>&1 | FileCheck %s
// RUN: not %spile check %s 2>&1 | FileCheck %s --check-prefix=CHECKED
// A map that no loader takes is the loader's to refuse: build warns and writes it, as clang does; check refuses it.
struct {
  int (*type)[2];
  int (*max_entries)[1];
  int *key, *value;
  int (*pinning)[2];
} pinned __attribute__((section(".maps"), used));
// CHECK: warning: {{.*}}map `pinned`: `pinning` is 2; it is 0 (none) or 1 (by name); no loader takes the object [UnloadableMap]
// CHECKED: error: {{.*}}`pinning` is 2; it is 0 (none) or 1 (by name) [BadObjectCode]
