/* 1,000 updates of 32 keys that are this CPU's own, in a hash for 1,024 */
#include "bench.h"
#ifdef NATIVE
INLINE u64 body(u8 *m, u64 len) {
  u64 failed = 0;
  for (u32 i = 0; i < 1000; i++) {
    u32 key = m[i] & 31;
    u64 value = i;
    failed += map_update(&hmap, &key, &value, 0) != 0;
  }
  return failed;
}
#else
static u64 (*get_cpu)(void) = (void *)8;
INLINE u64 body(u8 *m, u64 len) {
  u64 failed = 0;
  u32 own = (u32)get_cpu() << 5;
  for (u32 i = 0; i < 1000; i++) {
    u32 key = (m[i] & 31) | own;
    u64 value = i;
    failed += map_update(&hmap, &key, &value, 0) != 0;
  }
  return failed;
}
#endif
BENCH(body)
