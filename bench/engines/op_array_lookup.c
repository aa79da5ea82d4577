/* 1,000 lookups in an array, of a key that is not constant */
#include "bench.h"
INLINE u64 body(u8 *m, u64 len) {
  u64 sum = 0;
  for (u32 i = 0; i < 1000; i++) {
    u32 key = m[i] & 63;
    u64 *v = map_lookup(&amap, &key);
    if (v) sum += *v + 1;
  }
  return sum;
}
BENCH(body)
