// RUN: %run-all %s -c true | FileCheck %s
// Values keep their registers or their place in the frame around assembly, whatever it reads, sets and spoils.
// REQUIRES: ptrace
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

long seed = 3;

static __noinline long branches(long x)
{
	long y;

	asm goto("%[y] = %[x]; %[y] *= 3; if %[x] s> 5 goto %l[big]" : [y] "=&r"(y) : [x] "r"(x) :: big);
	return y + 1;
big:
	return y + 1000;
}

static __noinline long pressure(long a, long b)
{
	long c = a * 3, d = b * 5, e = a + b, f = a ^ 77, g = b | 64, h = a - 9;
	long quotient, rest;

	asm volatile("%[q] = %[n]; %[r] = %[n]; %[q] /= %[d]; %[r] %%= %[d]"
		     : [q] "=&r"(quotient), [r] "=&r"(rest)
		     : [n] "r"(c * 100), [d] "r"(d)
		     : "r0", "r1", "r2", "r3", "r4", "r5");
	asm volatile("%0 += %1; %0 += %2; %0 += %3" : "+r"(e) : "r"(f), "r"(g), "ri"(1000) : "r6", "r7", "r8");
	return quotient + rest + a + b + c + d + e + f + g + h;
}

static __noinline long memory(long x)
{
	long cell = x;
	int other = 5;

	asm volatile("r1 = *(u64 *)%0; r1 += 2; *(u64 *)%0 = r1; *(u32 *)%1 = 9" : "+m"(cell), "=m"(other) : : "r1");
	return cell * 10 + other;
}

static __attribute__((naked, noinline)) long twice_and_one(long x)
{
	asm volatile("r0 = r1; r0 <<= 1; if r0 s> 0 goto l0_%=; r0 = 0; l0_%=: r0 += 1; exit;" ::);
}

SEC("tp/syscalls/sys_enter_exit_group")
int on_exit(void *ctx)
{
	long n = seed, sum = 0;

	for (int i = 0; i < 10; i++)
		asm volatile("%[sum] += %[i]" : [sum] "+r"(sum) : [i] "r"((long)i));
	bpf_printk("%ld %ld", branches(n), branches(n + 4));
	bpf_printk("%ld %ld", pressure(n, n + 1), memory(n));
	bpf_printk("%ld %ld", twice_and_one(n), sum);
	return 0;
}
char license[] SEC("license") = "GPL";
// CHECK: 10 1021
// CHECK: 1374 59
// CHECK: 7 45
