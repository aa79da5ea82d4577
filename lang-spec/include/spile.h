// What exists only in Spile: handlers of the user's side, SEC("begin"), SEC("end") and SEC("interval/1s"), run in the
// same engines as the probes and may print.
//
// Plain C over one helper, so that clang compiles it too. Needs no other header of Spile's.
#ifndef __SPILE_H
#define __SPILE_H

static long (*const spile_printf)(const char *fmt, unsigned int fmt_size, const void *data, unsigned int data_len) =
	(void *)0x7000;

#define ___spile_concat(a, b) a##b
#define ___spile_apply(fn, n) ___spile_concat(fn, n)
#define ___spile_nth(_, _1, _2, _3, _4, _5, _6, _7, _8, _9, _a, _b, _c, N, ...) N
#define ___spile_narg(...) ___spile_nth(_, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define ___spile_fill1(arr, p, x) arr[p] = (unsigned long long)(x)
#define ___spile_fill2(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___spile_fill1(arr, p + 1, args)
#define ___spile_fill3(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___spile_fill2(arr, p + 1, args)
#define ___spile_fill4(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___spile_fill3(arr, p + 1, args)
#define ___spile_fill5(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___spile_fill4(arr, p + 1, args)
#define ___spile_fill6(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___spile_fill5(arr, p + 1, args)
#define ___spile_fill7(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___spile_fill6(arr, p + 1, args)
#define ___spile_fill8(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___spile_fill7(arr, p + 1, args)
#define ___spile_fill9(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___spile_fill8(arr, p + 1, args)
#define ___spile_fill10(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___spile_fill9(arr, p + 1, args)
#define ___spile_fill11(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___spile_fill10(arr, p + 1, args)
#define ___spile_fill12(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___spile_fill11(arr, p + 1, args)

#define ___spile_print_text(fmt)                                         \
	({                                                                   \
		static const char ___text[] = fmt;                               \
		spile_printf(___text, sizeof(___text), (void *)0, 0);            \
	})
#define ___spile_print_args(fmt, args...)                                \
	({                                                                   \
		static const char ___text[] = fmt;                               \
		unsigned long long ___values[___spile_narg(args)];               \
		___spile_apply(___spile_fill, ___spile_narg(args))(___values, 0, args); \
		spile_printf(___text, sizeof(___text), ___values, sizeof(___values)); \
	})
#define ___spile_pick(...)                                                                                         \
	___spile_nth(_, ##__VA_ARGS__, ___spile_print_args, ___spile_print_args, ___spile_print_args,                  \
		     ___spile_print_args, ___spile_print_args, ___spile_print_args, ___spile_print_args,                   \
		     ___spile_print_args, ___spile_print_args, ___spile_print_args, ___spile_print_args,                   \
		     ___spile_print_args, ___spile_print_text)

/* prints to stdout; the formats of bpf_trace_printk(), up to 12 arguments */
#define printf(fmt, args...) ___spile_pick(args)(fmt, ##args)
#endif
