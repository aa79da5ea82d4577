// RUN: %spile build --emit=ir %s 2>&1 >/dev/null | FileCheck %s --implicit-check-not=warning:
// RUN: not %spile -e 'begin { printf("%%d", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13); }' 2>&1 | FileCheck %s --check-prefix=MANY
// RUN: %spile -e 'begin { printf("%%s\n", pid); }' 2>&1 | FileCheck %s --check-prefix=SHORT
// RUN: %spile build -e 'tracepoint/syscalls/sys_enter_openat { printf("%%s\n", ctx->filename); }' -o %t.o 2>&1 | FileCheck %s --check-prefix=TASK
// A conversion of printf() that its argument cannot be put into is told where it stands; it would be printed as written.
#include "vmlinux.h"
#include <spile.h>

struct pair {
	u64 a, b;
};
struct { char c; } small;
enum color { RED } color;

SEC("tracepoint/syscalls/sys_enter_openat")
int f(struct trace_event_raw_sys_enter *ctx)
{
	struct pair pair = {};
	u8 mac[6] = {}, *bytes = mac;
	char text[8] = "text";
	u64 n = ctx->args[0];

	// CHECK: [[@LINE+1]]:17: warning: `%s` prints characters, and this is `u64` [Format] [-Wformat]
	printf("%s\n", n);
	// CHECK: hint: `%d` prints a number, `str(x)`
	// CHECK: [[@LINE+1]]:17: warning: `%d` prints a number, and this is `char[8]` [Format]
	printf("%d\n", text);
	// CHECK: [[@LINE+1]]:17: warning: `%x` prints a number, and this is `struct pair` [Format]
	printf("%x\n", pair);
	// CHECK: [[@LINE+1]]:19: warning: `%pI4` prints an address of 4 bytes, and this is `u8 *` [Format]
	printf("%pI4\n", bytes);
	// CHECK: [[@LINE+1]]:19: warning: `%pI6` prints an address of 16 bytes, and this is `u8[6]` [Format]
	printf("%pI6\n", mac);
	// CHECK: [[@LINE+1]]:9: warning: there is no argument for `%s`: 1 given [FormatArguments]
	printf("%d %s\n", n);
	// CHECK: [[@LINE+1]]:20: warning: the format takes 1 arguments, and this is one more [FormatExtraArguments]
	printf("%d\n", n, n);
	// CHECK: [[@LINE+1]]:9: warning: `printf` has no `%q`, and prints it as it stands [PrintfUnknown]
	printf("%q\n", n);
	// CHECK: [[@LINE+1]]:9: warning: `printf` has no `%f`{{.*}} [PrintfUnknown]
	printf("%f\n", n);
	// CHECK: [[@LINE+2]]:18: warning: `%pT` prints a value by its type, and this is `struct pair *` [Format]
	// CHECK: hint: what it points to is printed when it is given `*p`
	printf("%pT\n", &pair);
	printf("%-5d %05x %lld %c %p %p %% %s %s %s\n", (u8)n, color, n, 'c', n, ctx, text, comm(), str(n));
	printf("%pM %ph %pI4 %pe %pt %pT %s\n", mac, pair, (u32)n, -2, nsecs(), pair, (const char *)text);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
// TASK: -e:1:55: warning: `%s` prints text of the kernel's side, and `ctx->filename` is an address of the task [PrintfOfTask]
// TASK: hint: `str(ctx->filename)` is the string there
// MANY: error: {{.*}}printf takes up to 12 arguments behind its format
// MANY-NOT: note: in expansion of macro `___spile_each
// SHORT: -e:1:{{[0-9]+}}: warning: `%s` prints characters, and this is
