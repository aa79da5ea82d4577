/* 1,000 lookups in a hash of 64 elements, all of which are there but for the first time */
#include "bench.h"
INLINE u64 body(u8 *m, u64 len) {
  u64 sum = 0, one = 1;
  for (u32 i = 0; i < 1000; i++) {
    u32 key = m[i] & 63;
    u64 *v = map_lookup(&hmap, &key);
    if (!v) map_update(&hmap, &key, &one, 0);
    sum += v ? *v : one;
  }
  return sum;
}
BENCH(body)
