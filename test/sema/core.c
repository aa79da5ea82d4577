// RUN: not %spile build %s -o %t.o 2>&1 | FileCheck %s
// A question that no loader can answer is told at its place, with what to ask instead.
enum state { ON };
enum other { OFF };
struct s { int a, arr[4]; struct s *next; };
typedef int number;
// CHECK: [[# @LINE + 2]]:{{.*}} error: `__builtin_preserve_field_info` asks about a member, and this names none [CoreNoField]
// CHECK: hint: give it a member
int a(struct s *p) { return __builtin_preserve_field_info(*p, 0); }
// CHECK: [[# @LINE + 1]]:{{.*}} error: `__builtin_preserve_field_info` wants a constant from 0 to 5 {{.*}}[CoreQuestion]
int b(struct s *p) { return __builtin_preserve_field_info(p->a, 6); }
// CHECK: [[# @LINE + 1]]:{{.*}} error: the question `signed` has no answer for something of type `int` [CoreNoAnswer]
int c(struct s *p) { return __builtin_preserve_field_info(p->arr[1], 3); }
// CHECK: [[# @LINE + 2]]:{{.*}} error: `__builtin_preserve_enum_value` asks about an enumerator, and this names none of its type [CoreEnumerator]
// CHECK: hint: write `*(enum type *)ENUMERATOR`
unsigned long d(void) { return __builtin_preserve_enum_value(*(enum state *)OFF, 1); }
// CHECK: [[# @LINE + 1]]:{{.*}} error: `__builtin_preserve_type_info` wants a type that has a name, not `struct s *` [CoreNoName]
unsigned long e(struct s *p) { return __builtin_preserve_type_info(p, 0); }
// CHECK: [[# @LINE + 2]]:{{.*}} error: `__builtin_preserve_access_index` stands inside another [CoreNested]
// CHECK: hint: read the inner value into a variable first
int f(struct s *p) { return *__builtin_preserve_access_index(&__builtin_preserve_access_index(p->next)->a); }
