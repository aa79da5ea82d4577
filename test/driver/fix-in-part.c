// RUN: not %spile check -q %s 2>&1 | FileCheck %s
// A hint could say that the program passes with it, when something else is wrong too.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, int);
  __type(value, int);
  __uint(max_entries, 8);
} counts SEC(".maps");
struct args {
  unsigned long long common;
  long id;
  long fd;
};
// CHECK-DAG: (tried: something else is rejected still; `--fix=apply` writes it)
// CHECK-DAG: error: {{.*}}[ContextBounds]
SEC("tracepoint/syscalls/sys_enter_read") int count(struct args *ctx) {
  int key = 0, *n = bpf_map_lookup_elem(&counts, &key);
  *n += 1;
  return 0;
}
SEC("socket") int first(struct __sk_buff *skb) { return *(long *)skb; }
char _license[] SEC("license") = "GPL";
