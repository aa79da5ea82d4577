/* What BPF programs are written with: sections, map definitions, attributes, the helpers, bpf_printk.
 * The names and their meaning are libbpf's. */
#ifndef __BPF_HELPERS__
#define __BPF_HELPERS__

/* The helpers' prototypes need the kernel's integer types: from vmlinux.h when it came first, else from linux/types.h. */
#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif
#include <bpf/bpf_helper_defs.h>

/* Members of a map definition: struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, __u32); ... } m SEC(".maps"); */
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#define __ulong(name, val) enum { ___bpf_concat(__unique_value, __COUNTER__) = val } name

/* Puts a program, a map or a variable into a section; for a program the name says where it attaches. */
#define SEC(name) __attribute__((section(name), used))

#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif
/* A global function that another object may not see: verified with each of its callers. */
#define __hidden __attribute__((visibility("hidden")))

#ifndef NULL
#define NULL ((void *)0)
#endif
/* Not __builtin_offsetof: this one is relocated by CO-RE where the record is. */
#undef offsetof
#define offsetof(type, member) ((unsigned long)&((type *)0)->member)
#undef container_of
#define container_of(ptr, type, member)                              \
	({                                                           \
		void *__mptr = (void *)(ptr);                        \
		((type *)(__mptr - offsetof(type, member)));         \
	})

#ifndef KERNEL_VERSION
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#endif

/* Keep the compiler from moving memory accesses, or from knowing a variable's value. */
#ifndef barrier
#define barrier() asm volatile("" ::: "memory")
#endif
#ifndef barrier_var
#define barrier_var(var) asm volatile("" : "+r"(var))
#endif

/* Where the compiler must not get to: an error when it does. */
#ifndef __bpf_unreachable
#define __bpf_unreachable() __builtin_trap()
#endif

#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#endif
#ifndef unlikely
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif

/* A tail call to a constant slot of a map: the call's registers are set right before it, on every path, so that the
 * kernel can turn it into a direct jump. */
static __always_inline void bpf_tail_call_static(void *ctx, const void *map, const __u32 slot)
{
	if (!__builtin_constant_p(slot))
		__bpf_unreachable();
	asm volatile("r1 = %[ctx]\n\t"
		     "r2 = %[map]\n\t"
		     "r3 = %[slot]\n\t"
		     "call 12"
		     :: [ctx]"r"(ctx), [map]"r"(map), [slot]"i"(slot)
		     : "r0", "r1", "r2", "r3", "r4", "r5");
}

/* A definition in a legacy "maps" section: seven words, 0x1c bytes. libbpf has had none since 1.0, so programs bring
 * their own: it has precedence. */
#ifdef __SPILE__
struct __attribute__((weak)) bpf_map_def {
#else
struct bpf_map_def {
#endif
	unsigned int type;
	unsigned int key_size;
	unsigned int value_size;
	unsigned int max_entries;
	unsigned int map_flags;
	unsigned int inner_map_idx;
	unsigned int numa_node;
};

enum libbpf_pin_type {
	LIBBPF_PIN_NONE,
	/* pinned under /sys/fs/bpf by the map's name */
	LIBBPF_PIN_BY_NAME,
};

enum libbpf_tristate {
	TRI_NO = 0,
	TRI_YES = 1,
	TRI_MODULE = 2,
};

#define __kconfig __attribute__((section(".kconfig")))
#define __ksym __attribute__((section(".ksyms")))
#define __kptr __attribute__((btf_type_tag("kptr")))
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
#define __uptr __attribute__((btf_type_tag("uptr")))
/* What the verifier may assume of a global function's parameter. */
#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))
#define __arg_nullable __attribute__((btf_decl_tag("arg:nullable")))
#define __arg_trusted __attribute__((btf_decl_tag("arg:trusted")))
#define __arg_untrusted __attribute__((btf_decl_tag("arg:untrusted")))
#define __arg_arena __attribute__((btf_decl_tag("arg:arena")))

/* Whether the kernel has a __ksym, which must be __weak to be allowed to be missing. */
#define bpf_ksym_exists(sym)                                         \
	({                                                           \
		_Static_assert(!__builtin_constant_p(!!sym), #sym " should be marked as __weak"); \
		!!sym;                                               \
	})

/* ___bpf_nth gives its 14th argument, so ___bpf_narg counts what it is given, up to 12. */
#ifndef ___bpf_concat
#define ___bpf_concat(a, b) a ## b
#endif
#ifndef ___bpf_apply
#define ___bpf_apply(fn, n) ___bpf_concat(fn, n)
#endif
#ifndef ___bpf_nth
#define ___bpf_nth(_, _1, _2, _3, _4, _5, _6, _7, _8, _9, _a, _b, _c, N, ...) N
#endif
#ifndef ___bpf_narg
#define ___bpf_narg(...) ___bpf_nth(_, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#endif

/* Statements that store each argument into arr, which holds one unsigned long long for each. */
#define ___bpf_fill0(arr, p, x) do {} while (0)
#define ___bpf_fill1(arr, p, x) arr[p] = (unsigned long long)(x)
#define ___bpf_fill2(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___bpf_fill1(arr, p + 1, args)
#define ___bpf_fill3(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___bpf_fill2(arr, p + 1, args)
#define ___bpf_fill4(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___bpf_fill3(arr, p + 1, args)
#define ___bpf_fill5(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___bpf_fill4(arr, p + 1, args)
#define ___bpf_fill6(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___bpf_fill5(arr, p + 1, args)
#define ___bpf_fill7(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___bpf_fill6(arr, p + 1, args)
#define ___bpf_fill8(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___bpf_fill7(arr, p + 1, args)
#define ___bpf_fill9(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___bpf_fill8(arr, p + 1, args)
#define ___bpf_fill10(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___bpf_fill9(arr, p + 1, args)
#define ___bpf_fill11(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___bpf_fill10(arr, p + 1, args)
#define ___bpf_fill12(arr, p, x, args...) arr[p] = (unsigned long long)(x); ___bpf_fill11(arr, p + 1, args)
#define ___bpf_fill(arr, args...) ___bpf_apply(___bpf_fill, ___bpf_narg(args))(arr, 0, args)

/* bpf_printk(fmt, ...): a line in the trace pipe. Up to three arguments go through bpf_trace_printk, more through
 * bpf_trace_vprintk. */
#ifdef BPF_NO_GLOBAL_DATA
#define BPF_PRINTK_FMT_MOD
#else
#define BPF_PRINTK_FMT_MOD static const
#endif

#define __bpf_printk(fmt, ...)                                       \
	({                                                           \
		BPF_PRINTK_FMT_MOD char ____fmt[] = fmt;             \
		bpf_trace_printk(____fmt, sizeof(____fmt), ##__VA_ARGS__); \
	})

/* The arguments as an array of 64-bit numbers, which helpers with a format and any number of them take. */
#define ___bpf_with_params(call, fmt, args...)                       \
	({                                                           \
		static const char ___fmt[] = fmt;                    \
		unsigned long long ___param[___bpf_narg(args)];      \
		___bpf_fill(___param, args);                         \
		call;                                                \
	})

#define __bpf_vprintk(fmt, args...) \
	___bpf_with_params(bpf_trace_vprintk(___fmt, sizeof(___fmt), ___param, sizeof(___param)), fmt, ##args)
/* Into an iterator's output, into a buffer, into a stream of the program. */
#define BPF_SEQ_PRINTF(seq, fmt, args...) \
	___bpf_with_params(bpf_seq_printf(seq, ___fmt, sizeof(___fmt), ___param, sizeof(___param)), fmt, ##args)
#define BPF_SNPRINTF(out, out_size, fmt, args...) \
	___bpf_with_params(bpf_snprintf(out, out_size, ___fmt, ___param, sizeof(___param)), fmt, ##args)
#define bpf_stream_printk(stream_id, fmt, args...) \
	___bpf_with_params(bpf_stream_vprintk(stream_id, ___fmt, ___param, sizeof(___param)), fmt, ##args)

#define ___bpf_pick_printk(...)                                      \
	___bpf_nth(_, ##__VA_ARGS__, __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, \
		   __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, \
		   __bpf_printk /*3*/, __bpf_printk /*2*/, __bpf_printk /*1*/, __bpf_printk /*0*/)

#define bpf_printk(fmt, args...) ___bpf_pick_printk(args)(fmt, ##args)

/* ---- Loops that the verifier follows once, whatever their number of turns: iterators of the kernel */

struct bpf_iter_num;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __weak __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __weak __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __weak __ksym;

/* The iterator and its end of life; ___p is there to call _new once. Naming _destroy keeps its type in the BTF of
 * compilers that forget what only `cleanup` names. */
#define ___bpf_iterator(type, args...)                               \
	struct bpf_iter_##type ___it __attribute__((aligned(8), cleanup(bpf_iter_##type##_destroy))), \
		*___p __attribute__((unused)) = (bpf_iter_##type##_new(&___it, ##args), \
						 (void)bpf_iter_##type##_destroy, (void *)0)

/* for each element [cur] of the kernel's iterator bpf_iter_<type>_*. */
#ifndef bpf_for_each
#define bpf_for_each(type, cur, args...) \
	for (___bpf_iterator(type, ##args); (((cur) = bpf_iter_##type##_next(&___it)));)
#endif

/* for (i = start; i < end; i++), and the verifier knows i's range. */
#ifndef bpf_for
#define bpf_for(i, start, end)                                       \
	for (___bpf_iterator(num, (start), (end)); ({                \
		     int *___t = bpf_iter_num_next(&___it);          \
		     (___t && ((i) = *___t, (i) >= (start) && (i) < (end))); \
	     });)
#endif

/* N times. */
#ifndef bpf_repeat
#define bpf_repeat(N) for (___bpf_iterator(num, 0, (N)); bpf_iter_num_next(&___it);)
#endif

/* Loads from the packet as classic BPF does them, in host byte order: socket filters and tc programs only. */
unsigned long long load_byte(void *skb, unsigned long long off) asm("llvm.bpf.load.byte");
unsigned long long load_half(void *skb, unsigned long long off) asm("llvm.bpf.load.half");
unsigned long long load_word(void *skb, unsigned long long off) asm("llvm.bpf.load.word");

#endif
