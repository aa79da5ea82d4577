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

/* ---- m(x) for each argument x */

#define ___spile_paste(a, b) a##b
#define ___spile_join(a, b) ___spile_paste(a, b)
#define ___spile_nth(_, _1, _2, _3, _4, _5, _6, _7, _8, _9, _a, _b, _c, n, ...) n
#define ___spile_narg(...) ___spile_nth(_, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define ___spile_each0(m)
#define ___spile_each1(m, x) m(x)
#define ___spile_each2(m, x, args...) m(x) ___spile_each1(m, args)
#define ___spile_each3(m, x, args...) m(x) ___spile_each2(m, args)
#define ___spile_each4(m, x, args...) m(x) ___spile_each3(m, args)
#define ___spile_each5(m, x, args...) m(x) ___spile_each4(m, args)
#define ___spile_each6(m, x, args...) m(x) ___spile_each5(m, args)
#define ___spile_each7(m, x, args...) m(x) ___spile_each6(m, args)
#define ___spile_each8(m, x, args...) m(x) ___spile_each7(m, args)
#define ___spile_each9(m, x, args...) m(x) ___spile_each8(m, args)
#define ___spile_each10(m, x, args...) m(x) ___spile_each9(m, args)
#define ___spile_each11(m, x, args...) m(x) ___spile_each10(m, args)
#define ___spile_each12(m, x, args...) m(x) ___spile_each11(m, args)
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

/* The task's name; the string at an address of the task, or of the kernel. Each is a struct, so it can be a key. */
#define comm() (*___spile_comm(&(struct spile_comm){}))
#define str(pointer) (*___spile_str(&(struct spile_string){}, (const void *)(pointer)))
#define kstr(pointer) (*___spile_kstr(&(struct spile_string){}, (const void *)(pointer)))

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
#define ___spile_text(size) (___SPILE_TEXT | ((size) == sizeof(void *) ? SPILE_STRING_SIZE : (size)))
#define ___spile_bytes(size) ((size) == sizeof(void *) ? (size) : ___SPILE_BYTES | (size))
#define ___spile_kind(x)                                                                  \
	_Generic((x), char *: ___spile_text(sizeof(x)), const char *: ___spile_text(sizeof(x)), \
		 unsigned char *: ___spile_bytes(sizeof(x)), const unsigned char *: ___spile_bytes(sizeof(x)), \
		 char: ___SPILE_SIGNED | 1, signed char: ___SPILE_SIGNED | 1, short: ___SPILE_SIGNED | 2, \
		 int: ___SPILE_SIGNED | 4, long: ___SPILE_SIGNED | 8, long long: ___SPILE_SIGNED | 8, \
		 default: sizeof(typeof(((void)0, (x)))))
#define ___spile_room(x) (((___spile_kind(x) & ___SPILE_SIZE) + 7) & ~7)
#define ___spile_kind_item(x) ___spile_kind(x),
#define ___spile_room_item(x) + ___spile_room(x)
/* The value itself, and over it what it points to when it is an array. The comma makes a pointer of an array. */
#define ___spile_put(x)                                                                   \
	*(typeof(((void)0, (x))) *)(___record->values + ___at) = (x);                     \
	if (___spile_kind(x) & ___SPILE_TEXT)                                             \
		bpf_probe_read_kernel_str(___record->values + ___at, ___spile_kind(x) & ___SPILE_SIZE, \
					  *(void **)(___record->values + ___at));         \
	if (___spile_kind(x) & ___SPILE_BYTES)                                            \
		bpf_probe_read_kernel(___record->values + ___at, ___spile_kind(x) & ___SPILE_SIZE, \
				      *(void **)(___record->values + ___at));             \
	___at += ___spile_room(x);

#define ___spile_printf(number, literal, args...)                                         \
	({                                                                                \
		static const struct {                                                     \
			unsigned short kinds[___spile_narg(args) + 1];                    \
			char text[sizeof(literal)];                                       \
		} ___spile_join(___spile_format_, number) SEC(".spile.printf") = {        \
			{ ___spile_each(___spile_kind_item, ##args) 0 }, literal };       \
		struct {                                                                  \
			struct ___spile_record head;                                      \
			char values[0 ___spile_each(___spile_room_item, ##args)];         \
		} *___record = bpf_ringbuf_reserve(&spile_output, sizeof(*___record), 0); \
		if (___record) {                                                          \
			unsigned int ___at = 0;                                           \
			___record->head = (struct ___spile_record){ number };             \
			___spile_each(___spile_put, ##args)                               \
			(void)___at;                                                      \
			bpf_ringbuf_submit(___record, 0);                                 \
		}                                                                         \
	})
/* prints to stdout, up to 12 arguments */
#define printf(literal, args...) ___spile_printf(__COUNTER__, literal, ##args)

/* ends the run, with this exit status */
#define exit(status)                                                                      \
	({                                                                                \
		struct ___spile_record *___record = bpf_ringbuf_reserve(&spile_output, sizeof(*___record), 0); \
		if (___record) {                                                          \
			*___record = (struct ___spile_record){ ___SPILE_EXIT, (status) }; \
			bpf_ringbuf_submit(___record, 0);                                 \
		}                                                                         \
	})

/* ---- options: `const volatile` globals that -G NAME=VALUE and `-- --NAME=VALUE` set */

#define OPTION(type, name, value, help) \
	const volatile type name __attribute__((btf_decl_tag("spile:help:" help))) = value
#endif
