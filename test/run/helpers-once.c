// RUN: %run-all %s | FileCheck %s
// A program of type syscall runs once, and loops, strings, ring buffers and iterators answer it as the kernel
// does, on every engine.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

struct event {
  __u32 id, twice;
};

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
  __type(value, struct event);
} events SEC(".maps");

static long add(__u32 i, void *sum) {
  *(__u32 *)sum += i;
  return i == 5;
}

SEC("syscall") int main_program(void *ctx) {
  __u32 sum = 0;
  long calls = bpf_loop(10, add, &sum, 0);
  // CHECK: loop 6 15
  bpf_printk("loop %ld %u", calls, sum);

  long number = 0;
  long used = bpf_strtol("-0x1f ", 6, 0, &number);
  // CHECK-NEXT: strtol 5 -31
  bpf_printk("strtol %ld %ld", used, number);

  int total = 0;
  struct bpf_iter_num it;
  int *next;
  bpf_iter_num_new(&it, 3, 6);
  while ((next = bpf_iter_num_next(&it)))
    total += *next;
  bpf_iter_num_destroy(&it);
  // CHECK-NEXT: iterated 12
  bpf_printk("iterated %d", total);

  struct event *event = bpf_ringbuf_reserve(&events, sizeof *event, 0);
  if (event) {
    event->id = 21;
    event->twice = 42;
    bpf_ringbuf_submit(event, 0);
  }
  // CHECK-NEXT: waiting 16
  bpf_printk("waiting %llu", bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA));

  // CHECK-NEXT: events: { .id = 21, .twice = 42 }
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
