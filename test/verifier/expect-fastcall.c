// RUN: %spile check --expect %s 2>&1 | FileCheck %s
// Without it, frames would count registers that are saved around calls which the kernel inlines.
#include <bpf/bpf_helpers.h>
#include "vmlinux.h"
#define __tag(text) __attribute__((btf_decl_tag("comment:test_" text)))
#define works __tag("expect_success")
#define fails(text) __tag("expect_failure") __tag("expect_msg=0=" text)

__attribute__((naked)) static int lower(void) {
  asm volatile("r1 = 1;"
               "*(u64 *)(r10 - 264) = r1;"
               "call 8;"
               "r1 = *(u64 *)(r10 - 264);"
               "r0 = 0;"
               "exit;");
}
SEC("tc") works __attribute__((naked)) int taken_away(struct __sk_buff *skb) {
  asm volatile("r1 = 1;"
               "*(u64 *)(r10 - 256) = r1;"
               "call lower;"
               "r0 = 0;"
               "exit;");
}
// CHECK: taken_away (tc): accepted, as expected

__attribute__((naked)) static int reader(void) {
  asm volatile("r1 = 1;"
               "*(u64 *)(r10 - 264) = r1;"
               "call 8;"
               "r1 = *(u64 *)(r10 - 264);"
               "r2 = *(u64 *)(r10 - 264);"
               "r0 = 0;"
               "exit;");
}
SEC("tc") fails("combined stack size of 2 calls is 528") __attribute__((naked)) int used(struct __sk_buff *skb) {
  asm volatile("r1 = 1;"
               "*(u64 *)(r10 - 256) = r1;"
               "call reader;"
               "r0 = 0;"
               "exit;");
}
// CHECK: used (tc): rejected, as expected

char LICENSE[] SEC("license") = "GPL";
