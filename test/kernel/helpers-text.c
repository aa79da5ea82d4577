// REQUIRES: bpf
// RUN: %python %S/Inputs/agree.py %spile %s --net %S/Inputs/loopback.net --packet %examples/dnsonly.pcap#2
// Numbers are read from texts, texts compared and printed as the kernel does it, at the edges too.
#include "Inputs/agree.c"

struct text {
	char bytes[24];
	__u32 size, base;
};
#define T(s, b) { .bytes = s, .size = sizeof(s) - 1, .base = b }
#define W(s, n, b) { .bytes = s, .size = n, .base = b }
const struct text texts[] = {
	T("12", 0), T("-12", 0), T(" 	12x", 10), T("0x1f", 0), T("0x1f", 16), T("0x1f", 10), T("017", 0), T("017", 8),
	T("18", 8), T("0x", 0), T("0x", 16), T("-", 0), T("", 0), T("+5", 10), T("9223372036854775807", 10),
	T("9223372036854775808", 10), T("-9223372036854775808", 10), T("-9223372036854775809", 10),
	T("18446744073709551615", 10), T("18446744073709551616", 10), T("12", 7), T("12", 32), T("- 5", 10), T("x", 16),
	W("12345", 3, 10), W("12\0 34", 6, 10), T("0xG", 0), T("0", 0), T("00x5", 0), T("\xa0" "5", 10), T("\v\f5", 10),
	T("FFff", 16), T("0Xff", 0), T("-0x8", 0), T("  ", 10), T("-0", 10),
};
#define TEXTS (sizeof(texts) / sizeof(texts[0]))

static long number(__u32 i, void *unused)
{
	__s64 signed_one = 77;
	__u64 plain = 77;
	if (i >= TEXTS)
		return 1;
	const struct text *t = &texts[i];
	__u32 size = t->size;
	if (size > sizeof(t->bytes))
		return 1;
	char bytes[24];
	__builtin_memcpy(bytes, t->bytes, sizeof(bytes));
	long used = size ? bpf_strtol(bytes, size, t->base, (long *)&signed_one) : 0;
	long used_plain = size ? bpf_strtoul(bytes, size, t->base, (unsigned long *)&plain) : 0;
	tell(i, used * 1000 + used_plain);
	tell(i + 40, signed_one * 3 + plain);
	return 0;
}

SEC("tc") int numbers(struct __sk_buff *skb)
{
	return bpf_loop(TEXTS, number, 0, 0);
}

const char abc[] = "abc", empty[] = "", high[] = "ab\xff";
SEC("tc") int compared(struct __sk_buff *skb)
{
	char s[8] = "abd", prefix[8] = "ab", other[4] = { 'a', 'b', 'c', 'd' }, sign[8] = "ab\x01";
	tell(0, bpf_strncmp(s, sizeof(s), abc));
	tell(1, bpf_strncmp(s, 2, abc));
	tell(2, bpf_strncmp(prefix, sizeof(prefix), abc));
	tell(3, bpf_strncmp(other, 4, abc));
	tell(4, bpf_strncmp(other, 3, abc));
	tell(5, bpf_strncmp(s, sizeof(s), empty));
	tell(6, bpf_strncmp(sign, sizeof(sign), high));
	return 0;
}

SEC("tc") int printed(struct __sk_buff *skb)
{
	char to[32];
	__u64 args[3] = { 5, -7, 0xabc }, too_many[13] = {};
	static const char format[] = "%d %lld %x", plain[] = "text", percent[] = "%%%c";
	__builtin_memset(to, 'x', sizeof(to));
	tell(0, bpf_snprintf(to, sizeof(to), format, args, sizeof(args)));
	tell_bytes(1, to, sizeof(to));
	__builtin_memset(to, 'x', sizeof(to));
	tell(2, bpf_snprintf(to, 4, format, args, sizeof(args)));
	tell_bytes(3, to, sizeof(to));
	__builtin_memset(to, 'x', sizeof(to));
	tell(4, bpf_snprintf(to, 1, plain, 0, 0));
	tell_bytes(5, to, sizeof(to));
	tell(6, bpf_snprintf(0, 0, format, args, sizeof(args)));
	args[0] = 'q';
	tell(7, bpf_snprintf(to, sizeof(to), percent, args, 8));
	tell_bytes(8, to, sizeof(to));
	tell(12, bpf_trace_printk(plain, sizeof(plain)));
	tell(13, bpf_trace_printk(format, sizeof(format), 1, 2LL, 3));
	tell(15, bpf_trace_printk(plain, 4));
	tell(16, bpf_trace_vprintk(format, sizeof(format), args, sizeof(args)));
	tell(17, bpf_trace_vprintk(format, sizeof(format), args, 12));
	tell(18, bpf_trace_vprintk(format, sizeof(format), args, 8));
	return 0;
}
