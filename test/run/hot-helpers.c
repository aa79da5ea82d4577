// RUN: %spile exec -q --engine=interp,jit,checked --prog short_ways %s --mem 0100000002000000 --repeat 3 | FileCheck %s
// RUN: %spile exec -q --unverified --engine=checked,jit --prog short_ways %s --mem 0100000002000000 --repeat 3 | FileCheck %s
// RUN: %spile exec -q --engine=interp,jit --prog long_ways %s | FileCheck %s --check-prefix=LONG
// RUN: %spile exec -q --unverified --engine=checked,jit --prog long_ways %s | FileCheck %s --check-prefix=LONG
// RUN: %spile exec -q --engine=interp,jit --prog wide_keys %s --mem 64000000 | FileCheck %s --check-prefix=WIDE
// RUN: %spile exec -q --engine=interp,jit --prog short_keys %s --mem 64000000 | FileCheck %s --check-prefix=SHORTKEYS
// RUN: %spile exec -q --unverified --engine=checked,jit --prog short_keys %s --mem 64000000 | FileCheck %s --check-prefix=SHORTKEYS
// RUN: %python %inputs/exits.py 1 %spile exec -q --unverified --engine=checked,jit --prog past_value %s 2>&1 | FileCheck %s --check-prefix=VALUE
// RUN: %spile exec -q --unverified --engine=checked,jit --prog either %s --mem 01000000 | FileCheck %s --check-prefix=EITHER
// RUN: %python %inputs/exits.py 1 %spile exec -q --unverified --engine=checked,jit --prog either %s --mem 02000000 2>&1 | FileCheck %s --check-prefix=NEITHER
// RUN: %python %inputs/exits.py 1 %spile exec -q --unverified --engine=checked,jit --prog short_value %s 2>&1 | FileCheck %s --check-prefix=SHORT
// What the JIT makes of helpers inside of a program could differ from the helpers: in what it finds, or what it lets pass.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct triple {
  __u32 a, b, c;
};
#define HASH(name, kind, key_type)        \
  struct {                                \
    __uint(type, BPF_MAP_TYPE_##kind);    \
    __type(key, key_type);                \
    __type(value, __u64);                 \
    __uint(max_entries, 4);               \
  } name SEC(".maps")
HASH(by_word, HASH, __u32);
HASH(by_long, LRU_HASH, __u64);
HASH(by_triple, HASH, struct triple);
struct pair {
  __u64 a, b;
};
HASH(by_pair, HASH, struct pair);
HASH(by_pair_here, PERCPU_HASH, struct pair);
HASH(by_eight, HASH, __u64);
HASH(by_word_lately, LRU_HASH, __u32);
HASH(by_word_here, PERCPU_HASH, __u32);
HASH(by_eight_here, PERCPU_HASH, __u64);
HASH(by_triple_here, PERCPU_HASH, struct triple);
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} ring SEC(".maps");

#define COUNT(map, key)                                  \
  ({                                                     \
    __u64 one = 1, *n = bpf_map_lookup_elem(&map, &key); \
    if (n)                                               \
      __sync_fetch_and_add(n, 1);                        \
    else                                                 \
      bpf_map_update_elem(&map, &key, &one, 0);          \
    n ? *n : 0;                                          \
  })

// CHECK: 0x3fa
// CHECK-DAG: by_word[1] = 3
// CHECK-DAG: by_word[2] = 3
// CHECK-DAG: by_long[2] = 3
// CHECK-DAG: by_triple[{{.*}}1{{.*}}2{{.*}}3{{.*}}] = 3
SEC("syscall") int short_ways(__u32 *keys) {
  int sum = 0;
  for (int i = 0; i < 2; i++) {
    __u32 word = keys[i];
    __u64 wide = keys[i];
    struct triple triple = {keys[i], 2, 3};
    sum += COUNT(by_word, word) + COUNT(by_long, wide) + COUNT(by_triple, triple);
    __u64 *record = bpf_ringbuf_reserve(&ring, 8, 0);
    if (record) {
      *record = sum;
      bpf_ringbuf_submit(record, 0);
    }
  }
  // Of a clock that ticks a microsecond each time it is read.
  __u64 begin = bpf_ktime_get_ns();
  return sum + bpf_get_smp_processor_id() + (bpf_ktime_get_ns() - begin);
}

// Keys for which a lookup is more than one function, in a loop that stays.
// WIDE: 0x3d0
// WIDE-DAG: by_pair[{{.*}}1{{.*}}2{{.*}}] = 50
// WIDE-DAG: by_triple_here[{{.*}}1{{.*}}2{{.*}}3{{.*}}] = 50
SEC("syscall") int wide_keys(__u32 *count) {
  int sum = 0;
  for (__u32 i = 0; i < *count && i < 1000; i++) {
    struct triple triple = {i & 1, 2, 3};
    struct pair pair = {i & 1, 2};
    sum += COUNT(by_triple, triple) + COUNT(by_triple_here, triple);
    sum += COUNT(by_pair, pair) + COUNT(by_pair_here, pair);
    sum &= 1023;
  }
  return sum;
}

// Keys that are numbers, some of which share a bucket, and one that is never there.
// SHORTKEYS: 0x1e60
// SHORTKEYS-DAG: by_word[3] = 25
// SHORTKEYS-DAG: by_eight[3] = 25
// SHORTKEYS-DAG: by_word_lately[3] = 25
// SHORTKEYS-DAG: by_word_here[3] = 25
// SHORTKEYS-DAG: by_eight_here[3] = 25
// SHORTKEYS-DAG: by_long[3] = 25
SEC("syscall") int short_keys(__u32 *count) {
  int sum = 0;
  for (__u32 i = 0; i < *count && i < 1000; i++) {
    __u32 word = i & 3, absent = i + 4;
    __u64 wide = word;
    sum += COUNT(by_word, word) + COUNT(by_eight, wide);
    sum += COUNT(by_word_lately, word) + COUNT(by_long, wide);
    sum += COUNT(by_word_here, word) + COUNT(by_eight_here, wide);
    if (bpf_map_lookup_elem(&by_word, &absent)) return 1;
  }
  return sum;
}

// A record that is too large, flags that there are not, an update that may not be, a hash that is full.
// LONG: 0x1f
SEC("syscall") int long_ways(void *ctx) {
  int failed = 0;
  __u64 *record = bpf_ringbuf_reserve(&ring, 5000, 0);
  if (record) bpf_ringbuf_discard(record, 0);
  if (!record) failed |= 1;
  record = bpf_ringbuf_reserve(&ring, 8, 1);
  if (record) bpf_ringbuf_discard(record, 0);
  if (!record) failed |= 2;
  __u64 value = 5;
  __u32 key = 9;
  if (bpf_map_update_elem(&by_word, &key, &value, BPF_EXIST) == -2) failed |= 4;
  for (__u32 i = 0; i < 5; i++) {
    key = i;
    if (bpf_map_update_elem(&by_word, &key, &value, BPF_NOEXIST) == -7) failed |= 8;
  }
  key = 0;
  if (bpf_map_update_elem(&by_word, &key, &value, BPF_NOEXIST) == -17) failed |= 16;
  return failed;
}

// In the last turn of what was fine before.
// VALUE: hot-helpers.c:[[#@LINE+8]]:{{[0-9]+}}: error: reads 8 bytes at 0x{{[0-9a-f]+}}: 248 bytes past the end of {{.*}} [OutsideMemory]
SEC("syscall") int past_value(void *ctx) {
  __u64 value = 1;
  __u32 key = 3;
  int sum = 0;
  bpf_map_update_elem(&by_word, &key, &value, 0);
  for (int i = 0; i < 32; i++) {
    __u64 *found = bpf_map_lookup_elem(&by_word, &key);
    sum += ((volatile __u64 *)found)[i == 31 ? 32 : 0];
  }
  return sum;
}

// What is read comes from a map, from the stack, or from nowhere.
// EITHER: 0x6
// NEITHER: error: reads 8 bytes at 0x0: a pointer that is NULL [OutsideMemory]
SEC("syscall") int either(__u32 *turns) {
  __u64 mine = 5, sum = 0;
  __u32 key = 1;
  bpf_map_update_elem(&by_word, &key, &mine, 0);
  mine = 1;
  for (__u32 i = 0; i <= *turns; i++) {
    volatile __u64 *from = i == 0 ? &mine : i == 1 ? bpf_map_lookup_elem(&by_word, &key) : 0;
    sum += *from;
  }
  return sum;
}

// SHORT: error: `bpf_map_update_elem` reads 8 bytes at 0x{{[0-9a-f]+}}, its argument 3: offset 508 of the stack
SEC("syscall") int short_value(void *ctx) {
  asm volatile("r1 = %[map] ll; r2 = r10; r2 += -4; r3 = r10; r3 += -4; *(u32 *)(r10 - 4) = 3; r4 = 0; call 2"
               :: [map] "i"(&by_word) : "r0", "r1", "r2", "r3", "r4", "r5", "memory");
  return 0;
}
char _license[] SEC("license") = "GPL";
