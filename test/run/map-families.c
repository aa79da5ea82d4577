// RUN: %run-all %s -c true | FileCheck %s
// Per-CPU, LRU and prefix maps answer a program as the kernel's do, and are printed at the end.
// REQUIRES: ptrace
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct prefix {
  __u32 length;
  __u8 data[4];
};
struct pair {
  __u64 a, b;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __uint(max_entries, 4);
  __type(key, int);
  __type(value, __u64);
} hits SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 2);
  __type(key, int);
  __type(value, struct pair);
} pairs SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 2);
  __type(key, int);
  __type(value, int);
} recent SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(max_entries, 4);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct prefix);
  __type(value, int);
} routes SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 4);
  __type(key, int);
  __type(value, int);
} found SEC(".maps");

SEC("tp/syscalls/sys_enter_exit_group") int on_exit(void *ctx) {
  __u64 seven = 7;
  int key = 3;
  bpf_map_update_elem(&hits, &key, &seven, BPF_NOEXIST);
  __u64 *mine = bpf_map_lookup_elem(&hits, &key);
  if (mine)
    *mine += 1;
  // CHECK: hits[3] = 8
  key = 1;
  struct pair *pair = bpf_map_lookup_elem(&pairs, &key);
  if (pair)
    pair->b = 5;
  // CHECK-NEXT: pairs[1][cpu 0] = { .a = 0, .b = 5 }
  for (int i = 0; i < 5; i++)
    bpf_map_update_elem(&recent, &i, &i, BPF_ANY);
  // CHECK-NEXT: recent[4] = 4
  // CHECK-NEXT: recent[3] = 3
  // CHECK-NEXT: routes[{ .length = 16,
  struct prefix route = {8, {10}};
  int hop = 1;
  bpf_map_update_elem(&routes, &route, &hop, BPF_ANY);
  route.length = 16;
  route.data[1] = 9;
  hop = 2;
  bpf_map_update_elem(&routes, &route, &hop, BPF_ANY);
  route.length = 32;
  int *next = bpf_map_lookup_elem(&routes, &route);
  key = 2;
  if (next)
    bpf_map_update_elem(&found, &key, next, BPF_ANY);
  // CHECK: found[2] = 2
  return 0;
}
