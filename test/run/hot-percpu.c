// RUN: %spile exec -q --engine=interp,jit,checked --no-cache %s --repeat 3 | FileCheck %s --check-prefix=RESULT
// RUN: %spile exec -q --unverified --engine=checked,jit --no-cache %s --repeat 3 | FileCheck %s --check-prefix=RESULT
// RUN: %spile test --engine=interp %S/Inputs/hot-percpu.bpf.c | FileCheck %s
// RUN: %spile test --engine=jit %S/Inputs/hot-percpu.bpf.c | FileCheck %s
// The JIT's lookup in a per-CPU map could give another CPU's value, or one where there is none.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct triple {
  __u32 a, b, c;
};
#define MAP(name, kind, key_type)      \
  struct {                             \
    __uint(type, BPF_MAP_TYPE_##kind); \
    __type(key, key_type);             \
    __type(value, __u32);              \
    __uint(max_entries, 4);            \
  } name SEC(".maps")
MAP(slots, PERCPU_ARRAY, __u32);
MAP(by_word, PERCPU_HASH, __u32);
MAP(by_long, LRU_PERCPU_HASH, __u64);
MAP(by_triple, PERCPU_HASH, struct triple);

#define COUNT(map, key)                                  \
  ({                                                     \
    __u32 one = 1, *n = bpf_map_lookup_elem(&map, &key); \
    if (n)                                               \
      *n += 1;                                           \
    else                                                 \
      bpf_map_update_elem(&map, &key, &one, 0);          \
    n ? *n : 0;                                          \
  })

// RESULT: 0x10387
SEC("syscall") int count(void *ctx) {
  __u32 word = 3, past = 4;
  __u64 wide = 1ull << 40;
  struct triple triple = {1, 2, 3};
  __u32 found = COUNT(slots, word) * 100 + COUNT(by_word, word) * 100 + COUNT(by_long, wide) * 100 + COUNT(by_triple, triple);
  past = bpf_map_lookup_elem(&slots, &past) != 0;
  return found + 0x10000 + past;
}
char _license[] SEC("license") = "GPL";

// CHECK: 1 passed, 0 failed
