// native_host.c: a process that has nothing of Spile but the programs of native-machines.c. A map is a list of pairs.
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

typedef uint64_t program(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, void *env);
program count, mix;
extern uint64_t bpf_data[], bpf_bss[];

struct pair {
  uint64_t key, value, used;
} bpf_map_counts[16];

static struct pair *find(uint64_t map, uint32_t key) {
  for (struct pair *at = (void *)map; at->used; at++)
    if (at->key == key) return at;
  return NULL;
}
uint64_t bpf_helper_map_lookup_elem(uint64_t map, uint64_t key, uint64_t r3, uint64_t r4, uint64_t r5, void *env) {
  struct pair *found = find(map, *(uint32_t *)key);
  return found ? (uint64_t)&found->value : 0;
}
uint64_t bpf_helper_map_update_elem(uint64_t map, uint64_t key, uint64_t value, uint64_t flags, uint64_t r5, void *env) {
  struct pair *at = (void *)map;
  while (at->used && at->key != *(uint32_t *)key) at++;
  *at = (struct pair){*(uint32_t *)key, *(uint64_t *)value, 1};
  return 0;
}
uint64_t bpf_helper_loop(uint64_t most, uint64_t callback, uint64_t context, uint64_t flags, uint64_t r5, void *env) {
  for (uint64_t i = 0; i < most; i++)
    if (((program *)callback)(i, context, 0, 0, 0, env)) return i + 1;
  return most;
}

int main(void) {
  // Addresses in contexts have 32 bits.
  uint8_t *low = mmap((void *)0x20000000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (low == MAP_FAILED) return 1;
  const struct {
    uint32_t type;
    uint8_t kind, size;
  } packets[] = {{0x0800, 0, 60}, {0x86dd, 1, 60}, {0x86dd, 4, 60}, {0x0800, 0, 14}};
  for (int i = 0; i < 4; i++) {
    low[12] = packets[i].type >> 8, low[13] = packets[i].type, low[14] = packets[i].kind;
    struct xdp_md packet = {.data = (uint32_t)(uintptr_t)low, .data_end = (uint32_t)(uintptr_t)low + packets[i].size};
    int verdict = (int)count((uint64_t)&packet, 0, 0, 0, 0, NULL);
    printf("count: verdict %d, total %#lx, counts[%#06x] %lu\n", verdict, (unsigned long)bpf_data[0], packets[i].type,
           (unsigned long)find((uint64_t)bpf_map_counts, packets[i].type)->value);
  }
  uint64_t result = 0;
  unsigned long turns = mix((uint64_t)&result, 8, 0, 0, 0, NULL);
  printf("mix: %lu turns, %#lx, calls %#lx, text %.6s\n", turns, (unsigned long)result, (unsigned long)bpf_bss[0], (char *)&bpf_data[1]);
}
