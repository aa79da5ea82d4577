/* 1,000 updates in a per-CPU hash of 64 elements */
#include "bench.h"
#ifdef NATIVE
INLINE u64 body(u8 *m, u64 len) { return 0; }
#else
struct { __uint(type, 5); __type(key, u32); __type(value, u64); __uint(max_entries, 64); } counts __attribute__((section(".maps"), used));
static long (*put)(void *, const void *, const void *, u64) = (void *)2;
INLINE u64 body(u8 *m, u64 len) {
  u64 failed = 0;
  for (u32 i = 0; i < 1000; i++) {
    u32 key = m[i] & 63;
    u64 value = i;
    failed += put(&counts, &key, &value, 0) != 0;
  }
  return failed;
}
#endif
BENCH(body)
