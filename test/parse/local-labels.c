// RUN: %spile build --emit=ir %s | FileCheck %s
// `__label__` makes a label of the block alone, so that a macro with labels can be used twice in a function.
#define skip_if(x) ({ __label__ out; int r = 1; if (x) goto out; r = 2; out: r; })
__attribute__((section("socket"), used)) int f(int *ctx)
{
	return skip_if(ctx[0]) * 10 + skip_if(ctx[1]);
}
// CHECK: func @f
// CHECK: ret
