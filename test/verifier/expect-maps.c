// RUN: %spile check --expect %s 2>&1 | FileCheck %s
// Without it, a probe could use a map whose values hold a lock, a program that sleeps one that must not be slept with.
#include <bpf/bpf_helpers.h>
#include "vmlinux.h"
#define __tag(text) __attribute__((btf_decl_tag("comment:test_" text)))
#define works __tag("expect_success")
#define fails(text) __tag("expect_failure") __tag("expect_msg=0=" text)

struct guarded {
  struct bpf_spin_lock lock;
  int count;
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8);
  __type(key, int);
  __type(value, struct guarded);
} counts SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_STACK_TRACE);
  __uint(max_entries, 8);
  __uint(key_size, 4);
  __uint(value_size, 64);
} stacks SEC(".maps");

static inline int count(void) {
  int key = 1;
  struct guarded *g = bpf_map_lookup_elem(&counts, &key);
  return g ? g->count : 0;
}

SEC("tc") works int from_packets(void *ctx) { return count(); }
// CHECK: from_packets (tc): accepted, as expected

SEC("kprobe/x") fails("tracing progs cannot use bpf_spin_lock yet") int from_probes(void *ctx) { return count(); }
// CHECK: from_probes (kprobe/x): rejected, as expected

SEC("uprobe") works int awake(void *ctx) { return bpf_get_stackid(ctx, &stacks, 0); }
// CHECK: awake (uprobe): accepted, as expected

SEC("uprobe.s") fails("Sleepable programs can only use array, hash, ringbuf") int asleep(void *ctx) {
  return bpf_get_stackid(ctx, &stacks, 0);
}
// CHECK: asleep (uprobe.s): rejected, as expected

char LICENSE[] SEC("license") = "GPL";
