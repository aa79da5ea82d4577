// RUN: %spile build -w -O1 --mcpu=v1 %s -o %t.o && %spile check %t.o
// A load that nobody needs any more, as the branches on it became one way, read through a register that counted as free.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct {
  long long in[8], out;
} io = {};
const volatile char some[4] = {2, 0, '\n'};
static const char more[16] = {'\n', 1, 63, 4, -5, -2, -128, 7, 1, -128, 7, -1};

SEC("xdp") int dead(struct xdp_md *ctx) {
  int n = (int)io.in[0];
  unsigned char m = (unsigned char)io.in[3];
  unsigned long long k = (unsigned long long)io.in[7];
  short rounds = 6;
  while (rounds-- > 0) {
    if ((int)((more[n & 15] || some[n & 3]) & -2)) {
    }
    long long left = (-5878246971 % ((int)(16261889575ul & 1023) + 1));
    switch ((((unsigned short)(rounds + 31) ^ 9279699955) << ((left << 23) & 63)) & 7) {
    }
  }
  for (int i = 0; i < 5; ++i) {
    int a[8] = {8 == some[m & 3], some[k & 3], more[more[14] & 15] | some[i & 3]};
  }
  return n;
}
char _license[] SEC("license") = "GPL";
