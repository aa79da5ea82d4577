/* 1,000 calls of a helper that does next to nothing: bpf_get_smp_processor_id() */
#include "bench.h"
#ifdef NATIVE
INLINE u64 body(u8 *m, u64 len) { return 0; }
#else
static u64 (*get_cpu)(void) = (void *)8;
INLINE u64 body(u8 *m, u64 len) {
  u64 sum = 0;
  for (u32 i = 0; i < 1000; i++) sum += get_cpu();
  return sum;
}
#endif
BENCH(body)
