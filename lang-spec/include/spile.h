/* For handlers of the user's side, SEC("begin"), SEC("end"), SEC("interval/..."): printf to the terminal.
 * Kernel-side programs use bpf_printk. Compiles with clang too; the helper exists in Spile's engines only. */
#ifndef __SPILE_H__
#define __SPILE_H__

#include <bpf/bpf_helpers.h>

static long (* const spile_printf)(const char *fmt, __u32 fmt_size, const void *data, __u32 data_len) = (void *) 0x7000;

#define ___spile_printf0(fmt)                                        \
	({                                                           \
		static const char ___fmt[] = fmt;                    \
		spile_printf(___fmt, sizeof(___fmt), (void *) 0, 0); \
	})

#define ___spile_printfn(fmt, args...)                               \
	({                                                           \
		static const char ___fmt[] = fmt;                    \
		unsigned long long ___param[___bpf_narg(args)];      \
		_Pragma("GCC diagnostic push")                       \
		_Pragma("GCC diagnostic ignored \"-Wint-conversion\"") \
		___bpf_fill(___param, args);                         \
		_Pragma("GCC diagnostic pop")                        \
		spile_printf(___fmt, sizeof(___fmt), ___param, sizeof(___param)); \
	})

#define ___spile_pick_printf(...)                                    \
	___bpf_nth(_, ##__VA_ARGS__, ___spile_printfn, ___spile_printfn, ___spile_printfn, ___spile_printfn, \
		   ___spile_printfn, ___spile_printfn, ___spile_printfn, ___spile_printfn, ___spile_printfn, \
		   ___spile_printfn, ___spile_printfn, ___spile_printfn, ___spile_printf0)

/* Up to 12 arguments; conversions as in bpf_trace_vprintk. */
#define printf(fmt, args...) ___spile_pick_printf(args)(fmt, ##args)

#endif
