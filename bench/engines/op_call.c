/* 1,000 calls of a helper that is not inlined and reads one number: bpf_xdp_get_buff_len(), where there is no packet */
#include "bench.h"
#ifdef NATIVE
INLINE u64 body(u8 *m, u64 len) { return 0; }
BENCH(body)
#else
static u64 (*get_length)(struct xdp_md *) = (void *)188;
__attribute__((section("xdp"), used)) int bench_main(struct xdp_md *ctx) {
  u64 sum = 0;
  for (u32 i = 0; i < 1000; i++) sum += get_length(ctx);
  io.result = sum;
  return 1;
}
char LICENSE[] __attribute__((section("license"), used)) = "GPL";
#endif
