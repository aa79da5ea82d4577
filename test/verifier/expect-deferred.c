// RUN: %spile check --expect --btf=host %s 2>&1 | FileCheck %s
// Without it, work that is put off could run with a map that its queue does not lie in, or its function go unseen.
// REQUIRES: bpf
#include <bpf/bpf_helpers.h>
#include "vmlinux.h"
#define __tag(text) __attribute__((btf_decl_tag("comment:test_" text)))
#define works __tag("expect_success")
#define fails(text) __tag("expect_failure") __tag("expect_msg=0=" text)

extern int bpf_wq_init(struct bpf_wq *wq, void *p__map, unsigned int flags) __ksym;
extern int bpf_wq_start(struct bpf_wq *wq, unsigned int flags) __ksym;
extern int bpf_wq_set_callback_impl(struct bpf_wq *wq, int(function)(void *map, int *key, void *value),
                                    unsigned int flags, void *aux__ign) __ksym;

struct later {
  struct bpf_wq work;
  int count;
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8);
  __type(key, int);
  __type(value, struct later);
} works_map SEC(".maps"), other_map SEC(".maps");

static int count(void *map, int *key, void *value) {
  char text[4];
  bpf_copy_from_user(text, sizeof text, 0);  // it may sleep, though who puts it off may not
  ((struct later *)value)->count += *key;
  return 0;
}
static int reach_over(void *map, int *key, void *value) { return *((int *)value + 100); }

static inline struct later *find(void) {
  int key = 1;
  return bpf_map_lookup_elem(&works_map, &key);
}

SEC("tc") works int put_off(struct __sk_buff *skb) {
  struct later *l = find();
  if (!l || bpf_wq_init(&l->work, &works_map, 0)) return 0;
  bpf_wq_set_callback_impl(&l->work, count, 0, 0);
  bpf_wq_start(&l->work, 0);
  return 0;
}
// CHECK: put_off (tc): accepted, as expected

SEC("tc") fails("invalid access to map value, value_size=") int unseen(struct __sk_buff *skb) {
  struct later *l = find();
  if (l) bpf_wq_set_callback_impl(&l->work, reach_over, 0, 0);
  return 0;
}
// CHECK: unseen (tc): rejected, as expected

SEC("tc") fails("doesn't match map pointer in R2") int of_another(struct __sk_buff *skb) {
  struct later *l = find();
  if (l) bpf_wq_init(&l->work, &other_map, 0);
  return 0;
}
// CHECK: of_another (tc): rejected, as expected

SEC("tc") fails("off 4 doesn't point to 'struct bpf_wq' that is at 0") int beside(struct __sk_buff *skb) {
  struct later *l = find();
  if (l) bpf_wq_start((void *)&l->work + 4, 0);
  return 0;
}
// CHECK: beside (tc): rejected, as expected

char LICENSE[] SEC("license") = "GPL";
