// RUN: not %spile build %s 2>&1 | FileCheck %s
// RUN: not %spile build -DSYNTAX %s 2>&1 | FileCheck %s --check-prefix=SYNTAX
// A pointer that is assigned behind the call is no helper; where the syntax is wrong, nothing else is told.
static void *(*lookup)(void *map, const void *key) = (void *)1;
// SYNTAX-NOT: error:
// SYNTAX: error: {{.*}}[Expected
void *early(void *map, int *key) { return lookup(map, key); }
// CHECK: [[@LINE-1]]:43: error: {{.*}} [IndirectCall]
void late(void *p) { lookup = p; }
#ifdef SYNTAX
int f( { }
#endif
// SYNTAX-NOT: error:
