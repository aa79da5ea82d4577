// What exists only in Spile: printf() and exit(), the running task in words, options for the command line. Probes and
// handlers of the user's side use the same. Tables that are printed when the run ends: spile_tables.h.
//
// All of it is plain C over helpers, maps and BTF that every compiler, loader and kernel knows; clang compiles it too.
// lang-spec/reference/user-side.md says what it means.
#ifndef __SPILE_H
#define __SPILE_H

#include <bpf/bpf_helpers.h>

/* How much of a string is kept, with its NUL. */
#ifndef SPILE_STRING_SIZE
#define SPILE_STRING_SIZE 128
#endif

/* ---- m(n, x) for each argument x; n tells it from the others */

#define ___spile_paste(a, b) a##b
#define ___spile_join(a, b) ___spile_paste(a, b)
#define ___spile_nth(_, _1, _2, _3, _4, _5, _6, _7, _8, _9, _a, _b, _c, _d, _e, _f, _g, n, ...) n
#define ___spile_narg(...) ___spile_nth(_, ##__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define ___spile_each0(m)
#define ___spile_each1(m, x) m(1, x)
#define ___spile_each2(m, x, args...) m(2, x) ___spile_each1(m, args)
#define ___spile_each3(m, x, args...) m(3, x) ___spile_each2(m, args)
#define ___spile_each4(m, x, args...) m(4, x) ___spile_each3(m, args)
#define ___spile_each5(m, x, args...) m(5, x) ___spile_each4(m, args)
#define ___spile_each6(m, x, args...) m(6, x) ___spile_each5(m, args)
#define ___spile_each7(m, x, args...) m(7, x) ___spile_each6(m, args)
#define ___spile_each8(m, x, args...) m(8, x) ___spile_each7(m, args)
#define ___spile_each9(m, x, args...) m(9, x) ___spile_each8(m, args)
#define ___spile_each10(m, x, args...) m(10, x) ___spile_each9(m, args)
#define ___spile_each11(m, x, args...) m(11, x) ___spile_each10(m, args)
#define ___spile_each12(m, x, args...) m(12, x) ___spile_each11(m, args)
/* Too many: for an assertion that says so. */
#define ___spile_each13(m, args...)
#define ___spile_each14(m, args...)
#define ___spile_each15(m, args...)
#define ___spile_each16(m, args...)
#define ___spile_each(m, args...) ___spile_join(___spile_each, ___spile_narg(args))(m, ##args)

/* ---- the running task, the time, strings */

#define pid() ((__u32)(bpf_get_current_pid_tgid() >> 32))
#define tid() ((__u32)bpf_get_current_pid_tgid())
#define uid() ((__u32)bpf_get_current_uid_gid())
#define gid() ((__u32)(bpf_get_current_uid_gid() >> 32))
#define cpu() ((__u32)bpf_get_smp_processor_id())
#define nsecs() ((__u64)bpf_ktime_get_ns())

struct spile_comm {
	char text[16];
};
struct spile_string {
	char text[SPILE_STRING_SIZE];
};
struct spile_probe {
	char text[64];
};

static __always_inline struct spile_comm *___spile_comm(struct spile_comm *to)
{
	bpf_get_current_comm(to->text, sizeof(to->text));
	return to;
}
static __always_inline struct spile_string *___spile_str(struct spile_string *to, const void *from)
{
	bpf_probe_read_user_str(to->text, sizeof(to->text), from);
	return to;
}
static __always_inline struct spile_string *___spile_kstr(struct spile_string *to, const void *from)
{
	bpf_probe_read_kernel_str(to->text, sizeof(to->text), from);
	return to;
}

static __always_inline const void *___spile_user_pointer(const void *array, __u64 index)
{
	const void *found = 0;

	bpf_probe_read_user(&found, sizeof(found), (const char *)array + index * sizeof(found));
	return found;
}

/* The task's name; the string at an address of the task, or of the kernel. Each is a struct, so it can be a key. */
#define comm() (*___spile_comm(&(struct spile_comm){}))
#define str(pointer) (*___spile_str(&(struct spile_string){}, (const void *)(pointer)))
#define kstr(pointer) (*___spile_kstr(&(struct spile_string){}, (const void *)(pointer)))

/* A pointer of an array of them that lies in the task's memory, such as argv: str(user_pointer(ctx->argv, 1)). */
#define user_pointer(array, index) ___spile_user_pointer((const void *)(array), index)

/* A string that lies behind the record of a tracepoint: the field that its format calls `__data_loc char[] name`; and
 * one that it calls `__rel_loc char[] name`, whose offset counts from the field's end. */
#define ctx_str(ctx, name) kstr((const char *)(ctx) + ((ctx)->__data_loc_##name & 0xffff))
#define ctx_rel_str(ctx, name) \
	kstr((const char *)(ctx) + __builtin_offsetof(__typeof__(*(ctx)), __rel_loc_##name) + 4 + ((ctx)->__rel_loc_##name & 0xffff))

/* Whether a string that lies in an array or a struct is the literal. */
#define streq(string, literal)                                                            \
	(sizeof(string) >= sizeof(literal) && !__builtin_memcmp(&(string), literal, sizeof(literal)))

/* ---- printf(), exit(): records for the reader, who has the formats from a section that no kernel sees */

struct ___spile_record {
	__u32 format; /* the number of a ___spile_format_N, or SPILE_EXIT */
	__u32 unused;
};
#define ___SPILE_EXIT 0xffffffff

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} spile_output __weak SEC(".maps");

/* What an argument is, and its size: a number, a signed one, a string, an array of bytes. More than 8 bytes: a struct. */
#define ___SPILE_SIGNED 0x1000
#define ___SPILE_BYTES 0x2000
#define ___SPILE_TEXT 0x4000
#define ___SPILE_SIZE 0x0fff
#define ___spile_flag(x)                                                                  \
	_Generic((x), char *: ___SPILE_TEXT, const char *: ___SPILE_TEXT, unsigned char *: ___SPILE_BYTES, \
		 const unsigned char *: ___SPILE_BYTES, char: ___SPILE_SIGNED, signed char: ___SPILE_SIGNED, \
		 short: ___SPILE_SIGNED, int: ___SPILE_SIGNED, long: ___SPILE_SIGNED, long long: ___SPILE_SIGNED, \
		 default: 0)
/* Constants, because x may be long: it is not written again wherever its kind is needed. An array is as long as it is,
 * the string of a pointer as SPILE_STRING_SIZE, an `unsigned char *` is an address. The comma makes a pointer of an array. */
#define ___spile_constants(n, x)                                                          \
	___flag_##n = ___spile_flag(x), ___size_##n = sizeof(x),                          \
	___kind_##n = ___flag_##n == ___SPILE_TEXT                                        \
			      ? ___SPILE_TEXT | (___size_##n == sizeof(void *) ? SPILE_STRING_SIZE : ___size_##n) \
		      : ___flag_##n == ___SPILE_BYTES                                     \
			      ? (___size_##n == sizeof(void *) ? ___size_##n : ___SPILE_BYTES | ___size_##n) \
			      : ___flag_##n | sizeof(typeof(((void)0, (x)))),
#define ___spile_kind_item(n, x) ___kind_##n,
/* No bytes, but a member of BTF: the type that %pT prints by. */
#define ___spile_type_item(n, x) typeof(((void)0, (x))) type_##n[0];
#define ___spile_room_item(n, x) __u64 value_##n[((___kind_##n & ___SPILE_SIZE) + 7) / 8];
/* The value itself, and over it what it points to when it is an array. */
#define ___spile_put(n, x)                                                                \
	*(typeof(((void)0, (x))) *)___record->value_##n = (x);                            \
	if (___kind_##n & ___SPILE_TEXT)                                                  \
		bpf_probe_read_kernel_str(___record->value_##n, ___kind_##n & ___SPILE_SIZE, \
					  *(void **)___record->value_##n);                \
	if (___kind_##n & ___SPILE_BYTES)                                                 \
		bpf_probe_read_kernel(___record->value_##n, ___kind_##n & ___SPILE_SIZE,  \
				      *(void **)___record->value_##n);

/* Never called: Spile holds the format against the arguments of such a call. */
extern int ___spile_check_format(const char *format, ...);

#define ___spile_printf(number, literal, args...)                                         \
	({                                                                                \
		_Static_assert(___spile_narg(args) <= 12, "printf takes up to 12 arguments behind its format"); \
		(void)sizeof(___spile_check_format(literal, ##args));                     \
		enum { ___spile_each(___spile_constants, ##args) ___kinds = ___spile_narg(args) }; \
		static const struct {                                                     \
			unsigned short kinds[___kinds + 1];                               \
			char text[sizeof(literal)];                                       \
			___spile_each(___spile_type_item, ##args)                         \
		} __attribute__((packed)) ___spile_join(___spile_format_, number) SEC(".spile.printf") = {        \
			{ ___spile_each(___spile_kind_item, ##args) 0 }, literal };       \
		struct {                                                                  \
			struct ___spile_record head;                                      \
			___spile_each(___spile_room_item, ##args)                         \
		} *___record = bpf_ringbuf_reserve(&spile_output, sizeof(*___record), 0); \
		if (___record) {                                                          \
			___record->head = (struct ___spile_record){ number };             \
			___spile_each(___spile_put, ##args)                               \
			bpf_ringbuf_submit(___record, 0);                                 \
		}                                                                         \
	})
/* prints to stdout, up to 12 arguments */
#define printf(literal, args...) ___spile_printf(__COUNTER__, literal, ##args)

/* ends the run, with this exit status, or 0 */
#define exit(status...)                                                                   \
	({                                                                                \
		struct ___spile_record *___record = bpf_ringbuf_reserve(&spile_output, sizeof(*___record), 0); \
		if (___record) {                                                          \
			*___record = (struct ___spile_record){ ___SPILE_EXIT, +(status + 0) }; \
			bpf_ringbuf_submit(___record, 0);                                 \
		}                                                                         \
	})

/* ---- walking a map, for handlers of the user's side: for_each(counts, key, value) { ... *value ... } */

/* The key behind *key, in its place, or the first one; -ENOENT behind the last. Spile's own: no kernel has it. */
static long (*const spile_next_key)(void *map, void *key, __u32 key_size, int is_first) = (void *)0x7001;

/* [name] is a copy of the key, [pointer] leads into the map. The next key is known before the body runs, which so may
 * delete. The outer loops run once: they are there for their declarations, and `break` and `continue` mean the innermost. */
#define for_each(map, name, pointer)                                                      \
	for (struct {                                                                     \
		     typeof(*(map).key) next;                                             \
		     long ended;                                                          \
		     _Bool is_done;                                                       \
	     } ___walk = {}; !___walk.is_done; ___walk.is_done = 1)                       \
		for (typeof(*(map).key) name = {}; !___walk.is_done; ___walk.is_done = 1) \
			for (typeof((map).value) pointer = (___spile_step(map, 1), (void *)0); !___walk.is_done; \
			     ___walk.is_done = 1)                                         \
				bpf_repeat(1 << 23)                                       \
					if (___walk.ended)                                \
						break;                                    \
					else if (({                                       \
							 name = ___walk.next;             \
							 ___spile_step(map, 0);           \
							 !(pointer = bpf_map_lookup_elem(&(map), &name)); \
						 }))                                      \
						continue;                                 \
					else
#define ___spile_step(map, is_first) \
	(___walk.ended = spile_next_key(&(map), &___walk.next, sizeof(___walk.next), is_first))

/* ---- options: `const volatile` globals that -G NAME=VALUE and `-- --NAME=VALUE` set */

#define OPTION(type, name, value, help) \
	const volatile type name __attribute__((btf_decl_tag("spile:help:" help))) = value
#endif
