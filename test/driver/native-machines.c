// REQUIRES: x86_64, qemu-aarch64
// RUN: %spile build -q %s --emit=native --march=aarch64 -o %t.arm.so && %clang-aarch64 -O1 %S/Inputs/native_host.c -rdynamic %t.arm.so '-Wl,-rpath,$ORIGIN' -o %t.arm && %qemu-aarch64 %t.arm | FileCheck %s
// RUN: %spile build -q %s --emit=native --march=aarch64 --blind-constants -o %t.arm.so && %qemu-aarch64 %t.arm | FileCheck %s
// RUN: %spile build -q %s --emit=native --march=x86_64 -o %t.x86.so && clang -O1 %S/Inputs/native_host.c -rdynamic %t.x86.so '-Wl,-rpath,$ORIGIN' -o %t.x86 && %t.x86 | FileCheck %s
// Code for another machine could compute something else there, with maps, callbacks, packets and variables.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 16);
} counts SEC(".maps");

const volatile __u64 step = 3;
__u64 total = 0x1122334455667788, calls;
char text[] = "packet";

// Verdicts, as a table.
static __attribute__((noinline)) int verdict_of(__u32 kind) {
  switch (kind) {
    case 0: return 7;
    case 1: return 1;
    case 2: return 12;
    case 3: return 5;
    case 4: return 190;
    case 5: return 3;
    default: return -1;
  }
}

// CHECK: count: verdict 7, total 0x112233445566778b, counts[0x0800] 3
// CHECK: count: verdict 1, total 0x112233445566778e, counts[0x86dd] 3
// CHECK: count: verdict 190, total 0x1122334455667791, counts[0x86dd] 6
// CHECK: count: verdict -1, total 0x1122334455667791
SEC("xdp") int count(struct xdp_md *ctx) {
  __u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  if (data + 15 > end) return -1;
  __u32 type = bpf_ntohs(*(__u16 *)(data + 12));
  __u64 first = step, *seen = bpf_map_lookup_elem(&counts, &type);
  if (seen)
    __sync_fetch_and_add(seen, step);
  else
    bpf_map_update_elem(&counts, &type, &first, BPF_ANY);
  total += step;
  return verdict_of(data[14]);
}

struct state {
  __u64 words[8];
  __s64 quotient;
};
static long turn(__u32 i, struct state *state) {
  state->words[i % 8] = state->words[(i + 7) % 8] * 0x9e3779b97f4a7c15 + (i ^ __builtin_bswap32(i));
  state->quotient = (state->quotient - (__s64)i * 1000003) / ((__s64)(i % 5) + 1) % 1000000007;
  __sync_fetch_and_xor(&calls, 1ull << i % 64);
  return i == 90;
}

// CHECK: mix: 91 turns, 0x1c2b7fe737416075, calls 0xfffffffff8000000, text PACKET
SEC("syscall") int mix(__u64 *ctx) {
  struct state state = {.quotient = -5};
  long turns = bpf_loop(1000, turn, &state, 0);
  __u64 sum = state.quotient;
  for (int i = 0; i < 8; i++) sum = sum << 7 ^ sum >> 57 ^ state.words[i];
  for (int i = 0; i < 6; i++) text[i] -= 32;
  ctx[0] = sum;
  return turns;
}
char _license[] SEC("license") = "GPL";
