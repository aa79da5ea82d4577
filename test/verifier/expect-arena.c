// RUN: %spile check --expect %s 2>&1 | FileCheck %s
// Without it, pointers into an arena could not be followed, or be made by programs that have none.
#include <bpf/bpf_helpers.h>
#include "vmlinux.h"
#define __tag(text) __attribute__((btf_decl_tag("comment:test_" text)))
#define works __tag("expect_success")
#define fails(text) __tag("expect_failure") __tag("expect_msg=0=" text)

#define __arena __attribute__((address_space(1)))
struct {
  __uint(type, BPF_MAP_TYPE_ARENA);
  __uint(map_flags, 1024);
  __uint(max_entries, 4);
} arena SEC(".maps");

struct item {
  struct item __arena *next;
  int value;
};
struct item __arena *first;

SEC("uprobe.s") works int follow(void *ctx) {
  struct item __arena *item = first;
  bpf_printk("%p", &arena);
  return item ? item->value : 0;
}
// CHECK: follow (uprobe.s): accepted, as expected

SEC("uprobe.s") fails("can only be used in a program that has an associated arena") int without(void *ctx) {
  struct item __arena *item = first;
  return item ? item->value : 0;
}
// CHECK: without (uprobe.s): rejected, as expected

char LICENSE[] SEC("license") = "GPL";
