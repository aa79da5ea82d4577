// RUN: mkdir -p %t.clang %t.ours && %clang-bpf -mcpu=v3 -c %s -o %t.clang/x.o && %spile build %s -o %t.ours/x.o
// RUN: %python %root/bench/corpus/core.py %t.clang %t.ours --list | FileCheck %s
// REQUIRES: clang
// Without it, an access to a record that is relocated could be written down otherwise than clang does it.
// CHECK-NOT: {{^  [-+] }}
// CHECK: the same {{ *}}1
// CHECK: missing {{ *}}0
// CHECK: added {{ *}}0
#define PAI __attribute__((preserve_access_index))
struct out { int o1; int o2; };
struct s {
	int a;
	int arr[4];
	int m[2][3];
	struct { int x; union { int y; char z; }; } n;
	struct out o;
	struct { int k; unsigned int bf1 : 3, bf2 : 7; };
	struct out oarr[3];
	struct s *next;
	unsigned long b3 : 40;
	struct { int inner[2]; struct { short deep[2]; } more[2]; } nested;
} PAI;
typedef struct s s_t;
int element(struct s *p) { return p->arr[2]; }
int variable_element(struct s *p, int i) { return p->arr[i]; }
int two_dimensions(struct s *p) { return p->m[1][2]; }
int anonymous(struct s *p) { return p->n.y + p->k; }
int through_typedef(s_t *p) { return p->o.o2; }
int pointer_index(struct s *p) { return p[1].k; }
int bitfields(struct s *p) { return p->bf2 + p->b3; }
int unmarked_element(struct s *p) { return p->oarr[1].o2; }
int chain(struct s *p) { return p->next->next->n.z; }
int address_of_element(struct s *p) { struct s *q = &p[2]; return q->a; }
void *address(struct s *p) { return &p->o; }
int behind_address(struct s *p) { return (&p->n)->x; }
int cast(struct out *p) { return ((struct s *)p)->a; }
int other_cast(struct s *p) { return ((struct out *)&p->o)->o2; }
int decayed(struct s *p) { return *(p->arr + 2) + *p->arr; }
unsigned long offset(void) { return (unsigned long)&((struct s *)0)->o; }
void *container(void *p) { return p - (unsigned long)&((struct s *)0)->oarr[1]; }
void stores(struct s *p) { p->a = 5; p->arr[1] = 7; p->next->a += 3; }
int mixed(struct s *p, int i) { return p->oarr[i].o2 + p[i].a; }
int nested(struct s *p) { return p->nested.inner[1] + p->nested.more[1].deep[1]; }
int local(void) { struct s l = {}; l.a = 5; __asm__ volatile("" ::: "memory"); return l.a; }
int builtin_value(struct out *p) { return __builtin_preserve_access_index(p[1].o2); }
int builtin_address(struct out *p, int i) { return *__builtin_preserve_access_index(&p[i].o2); }
int builtin_expression(struct s *p, struct out *q) { return __builtin_preserve_access_index(({ p->m[1][2] + q->o1; })); }
int no_record(int *p, int (*q)[4]) { return __builtin_preserve_access_index(p[3]) + __builtin_preserve_access_index(q[1][2]); }
