// check
// What a program may have at most: functions, maps.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define DIGITS(X, n) X(n##0) X(n##1) X(n##2) X(n##3) X(n##4) X(n##5) X(n##6) X(n##7)
#define SEVENTY_TWO(X) \
	DIGITS(X, 1) DIGITS(X, 2) DIGITS(X, 3) DIGITS(X, 4) DIGITS(X, 5) DIGITS(X, 6) DIGITS(X, 7) DIGITS(X, 8) DIGITS(X, 9)

#define MAP(n) \
	struct { \
		__uint(type, BPF_MAP_TYPE_ARRAY); \
		__uint(max_entries, 1); \
		__type(key, u32); \
		__type(value, u32); \
	} map##n SEC(".maps");
#define DELETE(n) result += bpf_map_delete_elem(&map##n, &key);
SEVENTY_TWO(MAP)
SEC("tp/syscalls/sys_enter_kill") int maps(void *ctx)
{
	u32 key = 0; // expect: TooManyMaps
	int result = 0;

	SEVENTY_TWO(DELETE)
	return result;
}

#define FUNCTION(n) static __noinline int function##n(int x) { asm volatile("%0 += " #n : "+r"(x)); return x; }
#define CALL(n) result = function##n(result);
#define ALL(X) SEVENTY_TWO(X) DIGITS(X, 11) DIGITS(X, 12) DIGITS(X, 13) DIGITS(X, 14) DIGITS(X, 15) DIGITS(X, 16) DIGITS(X, 17) \
	DIGITS(X, 18) DIGITS(X, 19) DIGITS(X, 21) DIGITS(X, 22) DIGITS(X, 23) DIGITS(X, 24) DIGITS(X, 25) DIGITS(X, 26) DIGITS(X, 27) \
	DIGITS(X, 31) DIGITS(X, 32) DIGITS(X, 33) DIGITS(X, 34) DIGITS(X, 35) DIGITS(X, 36) DIGITS(X, 37) DIGITS(X, 38)
ALL(FUNCTION)
SEC("tp/syscalls/sys_enter_kill") int functions(void *ctx)
{
	int result = 0;

	ALL(CALL) // expect: TooManySubprograms
	return result;
}
char LICENSE[] SEC("license") = "GPL";
