// RUN: mkdir -p %t.clang %t.ours && %clang-bpf -mcpu=v3 -c %s -o %t.clang/x.o && %spile build %s -o %t.ours/x.o
// RUN: %python %root/bench/corpus/core.py %t.clang %t.ours --list | FileCheck %s
// REQUIRES: clang
// Without it, records could be marked by the attribute and not by the pragma, or their inner records not at all.
// CHECK-NOT: {{^  [-+] }}
// CHECK: the same {{ *}}1
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
struct out { int o1; int o2; };
struct s { int arr[4]; int m[2][3]; struct { int x; union { int y; char z; }; } n; struct out oarr[3]; struct nested { int q; int qa[3]; } nn; };
#pragma clang attribute pop
struct plain { int a; };
struct __attribute__((preserve_access_index)) f { int a; int arr[4]; struct { int x; int xa[4]; } n; struct plain p; };
int a(struct s *p) { return p->arr[2] + p->m[1][2] + p->n.y; }
int b(struct s *p) { return p->oarr[1].o2 + p->nn.qa[1]; }
int c(struct f *p) { return p->n.xa[1] + p->arr[1] + p->p.a; }
int d(struct plain *p) { return p->a; }
