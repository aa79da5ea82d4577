// RUN: %spile build -w -O 0 --emit=asm %s | FileCheck %s
// Without it, a shift by nothing would leave the upper half of a truncated number in the register that is extended.
// CHECK: r1 = *(u64 *)(r1 + 0x0)
// CHECK: w{{[0-9]+}} >>= 0x0
// CHECK: ^=
__attribute__((section("socket"), used))
int low_half(unsigned long long *in)
{
	unsigned long long h = 7;
	long wide = in[0];
	h ^= (unsigned)wide >> 0;
	in[1] = h;
	return 0;
}
