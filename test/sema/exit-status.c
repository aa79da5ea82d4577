// RUN: not %spile build %s -o %t.o 2>&1 | FileCheck %s
// Without it, exit("x") would end the run with the address of a text as its status.
#include "vmlinux.h"
#include <spile.h>

SEC("begin")
int f(void *ctx)
{
	exit();
	exit(3 - 1);
	exit(ctx == 0);
	// CHECK: [[@LINE+1]]:{{[0-9]+}}: error:
	exit("x");
	return 0;
}
// CHECK-NOT: error: {{.*}}\[
// CHECK: 1 error
