// RUN: %spile check --expect %s 2>&1 | FileCheck %s
// Without it, resilient locks could deadlock, and interrupts stay off, in a program that was accepted.
#include <bpf/bpf_helpers.h>
#include "vmlinux.h"
#define __tag(text) __attribute__((btf_decl_tag("comment:test_" text)))
#define works __tag("expect_success")
#define fails(text) __tag("expect_failure") __tag("expect_msg=0=" text)

extern int bpf_res_spin_lock(struct bpf_res_spin_lock *lock) __ksym;
extern void bpf_res_spin_unlock(struct bpf_res_spin_lock *lock) __ksym;
extern int bpf_res_spin_lock_irqsave(struct bpf_res_spin_lock *lock, unsigned long *flags) __ksym;
extern void bpf_res_spin_unlock_irqrestore(struct bpf_res_spin_lock *lock, unsigned long *flags) __ksym;
extern void bpf_local_irq_save(unsigned long *flags) __ksym;
extern void bpf_local_irq_restore(unsigned long *flags) __ksym;

__attribute__((section(".data.first"))) static struct bpf_res_spin_lock first;
__attribute__((section(".data.second"))) static struct bpf_res_spin_lock second;

SEC("tc") works int nested(struct __sk_buff *skb) {
  if (bpf_res_spin_lock(&first)) return 0;
  if (!bpf_res_spin_lock(&second)) bpf_res_spin_unlock(&second);
  bpf_res_spin_unlock(&first);
  return 0;
}
// CHECK: nested (tc): accepted, as expected

SEC("tc") fails("bpf_res_spin_unlock without taking a lock") int not_had(struct __sk_buff *skb) {
  if (bpf_res_spin_lock(&first)) bpf_res_spin_unlock(&first);
  return 0;
}
// CHECK: not_had (tc): rejected, as expected

SEC("tc") fails("AA deadlock detected") int twice(struct __sk_buff *skb) {
  if (bpf_res_spin_lock(&first)) return 0;
  if (!bpf_res_spin_lock(&first)) bpf_res_spin_unlock(&first);
  bpf_res_spin_unlock(&first);
  return 0;
}
// CHECK: twice (tc): rejected, as expected

SEC("tc") fails("bpf_res_spin_unlock cannot be out of order") int out_of_order(struct __sk_buff *skb) {
  if (bpf_res_spin_lock(&first)) return 0;
  if (bpf_res_spin_lock(&second)) {
    bpf_res_spin_unlock(&first);
    return 0;
  }
  bpf_res_spin_unlock(&first);
  bpf_res_spin_unlock(&second);
  return 0;
}
// CHECK: out_of_order (tc): rejected, as expected

SEC("tc") fails("bpf_res_spin_unlock of different lock") int with_flags(struct __sk_buff *skb) {
  unsigned long flags;
  if (bpf_res_spin_lock_irqsave(&first, &flags)) return 0;
  bpf_res_spin_unlock(&first);
  return 0;
}
// CHECK: with_flags (tc): rejected, as expected

SEC("tc") works int both_flags(struct __sk_buff *skb) {
  unsigned long outer, inner;
  bpf_local_irq_save(&outer);
  if (!bpf_res_spin_lock_irqsave(&first, &inner)) bpf_res_spin_unlock_irqrestore(&first, &inner);
  bpf_local_irq_restore(&outer);
  return 0;
}
// CHECK: both_flags (tc): accepted, as expected

SEC("tc") fails("cannot restore irq state out of order") int crossed(struct __sk_buff *skb) {
  unsigned long outer, inner;
  bpf_local_irq_save(&outer);
  bpf_local_irq_save(&inner);
  bpf_local_irq_restore(&outer);
  bpf_local_irq_restore(&inner);
  return 0;
}
// CHECK: crossed (tc): rejected, as expected

SEC("tc")
fails("irq flag acquired by native kfuncs cannot be restored with lock kfuncs") int mixed(struct __sk_buff *skb) {
  unsigned long outer, inner;
  bpf_local_irq_save(&outer);
  if (!bpf_res_spin_lock_irqsave(&first, &inner)) bpf_res_spin_unlock_irqrestore(&first, &outer);
  bpf_local_irq_restore(&outer);
  return 0;
}
// CHECK: mixed (tc): rejected, as expected

SEC("tc") fails("cannot be used inside bpf_local_irq_save-ed region") int never(struct __sk_buff *skb) {
  unsigned long flags;
  bpf_local_irq_save(&flags);
  return 0;
}
// CHECK: never (tc): rejected, as expected

SEC("tc") fails("expected an initialized irq flag as arg#0") int of_nothing(struct __sk_buff *skb) {
  unsigned long flags = 0;
  bpf_local_irq_restore(&flags);
  return 0;
}
// CHECK: of_nothing (tc): rejected, as expected

SEC("uprobe.s") fails("in IRQ-disabled region") int asleep(void *ctx) {
  unsigned long flags;
  char text[8];
  bpf_local_irq_save(&flags);
  bpf_copy_from_user(text, sizeof text, ctx);
  bpf_local_irq_restore(&flags);
  return 0;
}
// CHECK: asleep (uprobe.s): rejected, as expected

char LICENSE[] SEC("license") = "GPL";
