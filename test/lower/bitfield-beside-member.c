// RUN: %spile build -w --emit=ir-raw %s | FileCheck %s
// Without it, an initializer of a member would take away that of a bitfield whose storage unit begins at the member.
// CHECK-LABEL: func @f
// CHECK: shl.i64 {{.*}}, i64 16
// CHECK: ret
struct unit { short first; unsigned long long bits : 37; };
struct out { unsigned long long sum; };

__attribute__((section("tp/syscalls/sys_enter_kill"), used)) int f(struct out *out)
{
	struct unit u = { .bits = 1, .first = 0 };

	out->sum = u.bits;
	return 0;
}
