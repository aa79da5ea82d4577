// RUN: %spile build --emit=btf %s | FileCheck %s
// The definition of an inner map that has a name stands in BTF as a whole, with the types of its key and value: libbpf
// makes the inner map from it.
struct value { int a; };
struct inner { int (*type)[2]; int (*max_entries)[4]; int *key; struct value *value; };
struct { int (*type)[12]; int (*max_entries)[3]; int *key; struct inner *values[]; } outer __attribute__((section(".maps"), used));
// CHECK: struct inner {
// CHECK: struct value *value;
// CHECK: struct value {
// CHECK-NEXT: int a;
