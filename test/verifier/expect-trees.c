// RUN: %spile check --expect --btf=host %s 2>&1 | FileCheck %s
// Without it, what a program puts into a tree could be used after the lock that guards it is released, or be lost.
// REQUIRES: bpf
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "vmlinux.h"
#define __tag(text) __attribute__((btf_decl_tag("comment:test_" text)))
#define works __tag("expect_success")
#define fails(text) __tag("expect_failure") __tag("expect_msg=0=" text)

struct job {
  struct bpf_rb_node node;
  unsigned long due;
};

extern void *bpf_obj_new_impl(__u64 type, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *object, void *meta) __ksym;
extern int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node,
                               bool(less)(struct bpf_rb_node *a, const struct bpf_rb_node *b), void *meta,
                               __u64 off) __ksym;
extern struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root) __ksym;
extern struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;

#define new_job() ((struct job *)bpf_obj_new_impl(bpf_core_type_id_local(struct job), 0))

__attribute__((section(".data.jobs"))) static struct bpf_spin_lock lock;
__attribute__((section(".data.jobs"))) static struct bpf_rb_root jobs
    __attribute__((btf_decl_tag("contains:job:node")));

static bool sooner(struct bpf_rb_node *a, const struct bpf_rb_node *b) {
  return ((struct job *)a)->due < ((struct job *)b)->due;
}

SEC("tc") works int put(struct __sk_buff *skb) {
  struct job *job = new_job();
  if (!job) return 0;
  job->due = 1;
  bpf_spin_lock(&lock);
  bpf_rbtree_add_impl(&jobs, &job->node, sooner, 0, 0);
  job->due = 2;  // still there, while the lock is held
  bpf_spin_unlock(&lock);
  return 0;
}
// CHECK: put (tc): accepted, as expected

SEC("tc") fails("bpf_spin_lock at off={{.*}} must be held for bpf_rb_root") int unlocked(struct __sk_buff *skb) {
  struct job *job = new_job();
  if (job) bpf_rbtree_add_impl(&jobs, &job->node, sooner, 0, 0);
  return 0;
}
// CHECK: unlocked (tc): rejected, as expected

SEC("tc") fails("R{{.*}} invalid mem access 'scalar'") int too_late(struct __sk_buff *skb) {
  struct job *job = new_job();
  if (!job) return 0;
  bpf_spin_lock(&lock);
  bpf_rbtree_add_impl(&jobs, &job->node, sooner, 0, 0);
  bpf_spin_unlock(&lock);
  job->due = 2;
  return 0;
}
// CHECK: too_late (tc): rejected, as expected

SEC("tc") fails("would lead to reference leak") int lost(struct __sk_buff *skb) {
  struct bpf_rb_node *node;
  bpf_spin_lock(&lock);
  node = bpf_rbtree_first(&jobs);
  if (node) bpf_rbtree_remove(&jobs, node);
  bpf_spin_unlock(&lock);
  return 0;
}
// CHECK: lost (tc): rejected, as expected

SEC("tc") works int taken(struct __sk_buff *skb) {
  struct bpf_rb_node *node;
  bpf_spin_lock(&lock);
  node = bpf_rbtree_first(&jobs);
  if (node) node = bpf_rbtree_remove(&jobs, node);
  bpf_spin_unlock(&lock);
  if (node) bpf_obj_drop_impl((struct job *)node, 0);
  return 0;
}
// CHECK: taken (tc): accepted, as expected

char LICENSE[] SEC("license") = "GPL";
