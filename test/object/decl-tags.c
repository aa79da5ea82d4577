// RUN: %spile build %s -o %t.o && bpftool btf dump file %t.o | FileCheck %s
// REQUIRES: bpftool
// Tags of functions, parameters, variables, members and types are in BTF, where the kernel's verifier looks for them.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#define TAG(text) __attribute__((btf_decl_tag(text)))

struct counted { int n TAG("guarded"); struct __sk_buff __attribute__((btf_type_tag("kptr"))) *skb; };
struct counted global TAG("shared");

TAG("entry") __attribute__((noinline)) int sum(struct __sk_buff *ctx TAG("arg:ctx"), int n) { return ctx->len + n; }

SEC("socket") int filter(struct __sk_buff *skb) { return sum(skb, global.n); }
// CHECK: STRUCT 'counted'
// CHECK: TYPE_TAG 'kptr'
// CHECK: DECL_TAG 'guarded' type_id={{[0-9]+}} component_idx=0
// CHECK-DAG: DECL_TAG 'entry' type_id={{[0-9]+}} component_idx=-1
// CHECK-DAG: DECL_TAG 'arg:ctx' type_id={{[0-9]+}} component_idx=0
// CHECK-DAG: DECL_TAG 'shared' type_id={{[0-9]+}} component_idx=-1
