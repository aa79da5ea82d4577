/* 1,000 updates in a hash of 64 elements */
#include "bench.h"
INLINE u64 body(u8 *m, u64 len) {
  u64 failed = 0;
  for (u32 i = 0; i < 1000; i++) {
    u32 key = m[i] & 63;
    u64 value = i;
    failed += map_update(&hmap, &key, &value, 0) != 0;
  }
  return failed;
}
BENCH(body)
