// RUN: mkdir -p %t.clang %t.ours && %clang-bpf -mcpu=v3 -c %s -o %t.clang/x.o && %spile build %s -o %t.ours/x.o
// RUN: %python %root/bench/corpus/core.py %t.clang %t.ours --list | FileCheck %s
// REQUIRES: clang
// Without it, a question about a field, a type or an enumerator could reach the loader as another one than clang's.
// CHECK-NOT: {{^  [-+] }}
// CHECK: the same {{ *}}1
enum small { A1, B1 = 5, C1 };
enum large { X = 1, Y = 0xffffffffff };
typedef enum { TA = 3, TB } te;
struct out { int o1; char c; enum small e; _Bool b; te t; char arr[4]; struct out *n; unsigned long bits : 7, more : 9; };
typedef struct out out_t;
typedef int myint;
struct forward;
typedef int (*function)(int);
#define FIELD(what, kind) __builtin_preserve_field_info(what, kind)
unsigned long enums(void)
{
	return __builtin_preserve_enum_value(*(enum small *)B1, 0) + __builtin_preserve_enum_value(*(enum small *)C1, 1) +
	       __builtin_preserve_enum_value(*(typeof(enum large) *)Y, 1) + __builtin_preserve_enum_value(*(te *)TB, 1);
}
unsigned long types(void)
{
	return __builtin_preserve_type_info(*(struct out *)0, 0) + __builtin_preserve_type_info(*(out_t *)0, 1) +
	       __builtin_preserve_type_info(*(const out_t *)0, 2) + __builtin_preserve_type_info(*(myint *)0, 1) +
	       __builtin_preserve_type_info(*(struct forward *)0, 0) + __builtin_preserve_type_info(*(enum small *)0, 1) +
	       __builtin_preserve_type_info(*(function *)0, 0);
}
unsigned long ids(struct out *p)
{
	return __builtin_btf_type_id(*(struct out *)0, 0) + __builtin_btf_type_id(*(out_t *)0, 1) + __builtin_btf_type_id(p, 0) +
	       __builtin_btf_type_id(*(int *)0, 0) + __builtin_btf_type_id(*(int *)0, 1);
}
unsigned int fields(struct out *p)
{
	return FIELD(p->arr, 1) + FIELD(((struct out *)0)->arr[1], 0) + FIELD(((struct out *)0)->arr[1], 1) +
	       FIELD(((out_t *)0)->t, 3) + FIELD(p->n->b, 2) + FIELD(p->more, 0) + FIELD(p->more, 1) + FIELD(p->more, 3) +
	       FIELD(p->more, 4) + FIELD(p->more, 5);
}
