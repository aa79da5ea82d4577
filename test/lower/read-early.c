// RUN: %spile build -w --emit=ir %s | FileCheck %s
// A function is lowered as soon as it is read, and what the source says behind it still counts.
static int changed = 3, never_changed = 4;
int read_both(void) { return changed + never_changed; }
void change(int to) { changed = to; }
// CHECK-LABEL: func @read_both
// CHECK: load.i32 @changed
// CHECK-NEXT: add.i32 %{{[0-9]+}}, i32 4

static inline __attribute__((always_inline)) int walk(int (*visit)(int), int n);
static int triple(int n) { return n * 3; }
int walk_early(int n) { return walk(triple, n); }
// CHECK-LABEL: func @walk_early
// CHECK: mul.i32 %p0, i32 3
static int walk(int (*visit)(int), int n) { return visit(n); }

// Nobody calls it, so nobody is told that it cannot be.
static void unreached(char *p) { __builtin_memcpy(p, p + 100000, 100000); }

int table[];
int last(void) { return table[2]; }
// CHECK-LABEL: func @last
// CHECK: load.i32 @table, 8
int table[3] = {1, 2, 3};

int counted(void) {
  static int count = 7;
  return count++;
}
// CHECK-LABEL: func @counted
// CHECK: load.i32 @counted.count
