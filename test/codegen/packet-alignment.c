// RUN: %spile build -w --emit=asm %s -o - | FileCheck %s
// The packet is read and written in wide pieces whatever the alignment of the type; what may be the stack is not.
// CHECK-LABEL: copy:
// CHECK: *(u8 *)(r2 + 0x7)
// CHECK-LABEL: forward:
// CHECK: *(u64 *)(r2 + 0x0)
// CHECK: *(u64 *)(r2 + 0x4) =
#include <linux/bpf.h>
struct mac {
	unsigned char bytes[8];
};
__attribute__((section("xdp"), used)) int forward(struct xdp_md *ctx)
{
	char *data = (char *)(long)ctx->data, *end = (char *)(long)ctx->data_end;
	if (data + 16 > end)
		return XDP_DROP;
	__builtin_memmove(data + 4, data, 8);
	return XDP_PASS;
}
__attribute__((noinline)) int copy(struct mac *to, struct mac *from)
{
	*to = *from;
	return 0;
}
