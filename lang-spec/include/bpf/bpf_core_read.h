/* CO-RE: reading the kernel's memory by the types of the kernel that the program is loaded into. The names and their
 * meaning are libbpf's. */
#ifndef __BPF_CORE_READ_H__
#define __BPF_CORE_READ_H__

#include <bpf/bpf_helpers.h>

/* What the compiler's builtins are asked, as their second argument. */
enum bpf_field_info_kind {
	BPF_FIELD_BYTE_OFFSET = 0,
	BPF_FIELD_BYTE_SIZE = 1,
	BPF_FIELD_EXISTS = 2,
	BPF_FIELD_SIGNED = 3,
	BPF_FIELD_LSHIFT_U64 = 4,
	BPF_FIELD_RSHIFT_U64 = 5,
};
enum bpf_type_id_kind {
	BPF_TYPE_ID_LOCAL = 0,  /* in the program's own BTF */
	BPF_TYPE_ID_TARGET = 1, /* in the kernel's */
};
enum bpf_type_info_kind {
	BPF_TYPE_EXISTS = 0,
	BPF_TYPE_SIZE = 1,
	BPF_TYPE_MATCHES = 2,
};
enum bpf_enum_value_kind {
	BPF_ENUMVAL_EXISTS = 0,
	BPF_ENUMVAL_VALUE = 1,
};

/* ---- Questions about the kernel's types */

#define ___bpf_typeof(type) ((typeof(type) *)0)
/* A member is named by an access (`p->member`) or by its record (`struct type, member`). */
#define ___bpf_field_ref1(field) (field)
#define ___bpf_field_ref2(type, field) (___bpf_typeof(type)->field)
#define ___bpf_field_ref(args...) ___bpf_apply(___bpf_field_ref, ___bpf_narg(args))(args)

/* 1 when the kernel has the member, else 0: code behind it may use the member. */
#define bpf_core_field_exists(field...) \
	__builtin_preserve_field_info(___bpf_field_ref(field), BPF_FIELD_EXISTS)
#define bpf_core_field_size(field...) \
	__builtin_preserve_field_info(___bpf_field_ref(field), BPF_FIELD_BYTE_SIZE)
#define bpf_core_field_offset(field...) \
	__builtin_preserve_field_info(___bpf_field_ref(field), BPF_FIELD_BYTE_OFFSET)

/* Of a struct, union, enum or typedef that has a name. 0: the kernel has none such. */
#define bpf_core_type_exists(type) __builtin_preserve_type_info(*___bpf_typeof(type), BPF_TYPE_EXISTS)
#define bpf_core_type_matches(type) __builtin_preserve_type_info(*___bpf_typeof(type), BPF_TYPE_MATCHES)
#define bpf_core_type_size(type) __builtin_preserve_type_info(*___bpf_typeof(type), BPF_TYPE_SIZE)
#define bpf_core_type_id_local(type) __builtin_btf_type_id(*___bpf_typeof(type), BPF_TYPE_ID_LOCAL)
#define bpf_core_type_id_kernel(type) __builtin_btf_type_id(*___bpf_typeof(type), BPF_TYPE_ID_TARGET)

#define bpf_core_enum_value_exists(enum_type, enum_value) \
	__builtin_preserve_enum_value(*(typeof(enum_type) *)enum_value, BPF_ENUMVAL_EXISTS)
#define bpf_core_enum_value(enum_type, enum_value) \
	__builtin_preserve_enum_value(*(typeof(enum_type) *)enum_value, BPF_ENUMVAL_VALUE)

/* ---- Reads: the helpers, with a relocated source address */

#define bpf_core_read(dst, sz, src) \
	bpf_probe_read_kernel(dst, sz, (const void *)__builtin_preserve_access_index(src))
#define bpf_core_read_user(dst, sz, src) \
	bpf_probe_read_user(dst, sz, (const void *)__builtin_preserve_access_index(src))
#define bpf_core_read_str(dst, sz, src) \
	bpf_probe_read_kernel_str(dst, sz, (const void *)__builtin_preserve_access_index(src))
#define bpf_core_read_user_str(dst, sz, src) \
	bpf_probe_read_user_str(dst, sz, (const void *)__builtin_preserve_access_index(src))

/* A pointer that the verifier lets read as the kernel's [type]. */
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;
#define bpf_core_cast(ptr, type) ((typeof(type) *)bpf_rdonly_cast((ptr), bpf_core_type_id_kernel(type)))

/* ---- Chains: BPF_CORE_READ(task, mm, exe_file, f_inode, i_ino) is task->mm->exe_file->f_inode->i_ino
 *
 * All but the last accessor are pointers: each is read into __t, which the next one starts from. [path] is the C
 * expression so far, and only its type is used. */
#define ___core_read_one(fn, dst, path, from, accessor) \
	fn((void *)(dst), sizeof(*(dst)), &((typeof(path))(from))->accessor);
#define ___core_chain1(fn, fn_ptr, dst, path, from, a) ___core_read_one(fn, dst, path, from, a)
#define ___core_chain2(fn, fn_ptr, dst, path, from, a, rest...) \
	___core_read_one(fn_ptr, &__t, path, from, a) ___core_chain1(fn, fn_ptr, dst, path->a, __t, rest)
#define ___core_chain3(fn, fn_ptr, dst, path, from, a, rest...) \
	___core_read_one(fn_ptr, &__t, path, from, a) ___core_chain2(fn, fn_ptr, dst, path->a, __t, rest)
#define ___core_chain4(fn, fn_ptr, dst, path, from, a, rest...) \
	___core_read_one(fn_ptr, &__t, path, from, a) ___core_chain3(fn, fn_ptr, dst, path->a, __t, rest)
#define ___core_chain5(fn, fn_ptr, dst, path, from, a, rest...) \
	___core_read_one(fn_ptr, &__t, path, from, a) ___core_chain4(fn, fn_ptr, dst, path->a, __t, rest)
#define ___core_chain6(fn, fn_ptr, dst, path, from, a, rest...) \
	___core_read_one(fn_ptr, &__t, path, from, a) ___core_chain5(fn, fn_ptr, dst, path->a, __t, rest)
#define ___core_chain7(fn, fn_ptr, dst, path, from, a, rest...) \
	___core_read_one(fn_ptr, &__t, path, from, a) ___core_chain6(fn, fn_ptr, dst, path->a, __t, rest)
#define ___core_chain8(fn, fn_ptr, dst, path, from, a, rest...) \
	___core_read_one(fn_ptr, &__t, path, from, a) ___core_chain7(fn, fn_ptr, dst, path->a, __t, rest)
#define ___core_chain9(fn, fn_ptr, dst, path, from, a, rest...) \
	___core_read_one(fn_ptr, &__t, path, from, a) ___core_chain8(fn, fn_ptr, dst, path->a, __t, rest)
#define ___core_chain(fn, fn_ptr, dst, src, accessors...) \
	({ \
		const void *__t __attribute__((unused)); \
		___bpf_apply(___core_chain, ___bpf_narg(accessors))(fn, fn_ptr, dst, (src), (src), accessors) \
	})

/* The expression that a chain stands for. */
#define ___core_path1(p, a) p->a
#define ___core_path2(p, a, rest...) ___core_path1(p->a, rest)
#define ___core_path3(p, a, rest...) ___core_path2(p->a, rest)
#define ___core_path4(p, a, rest...) ___core_path3(p->a, rest)
#define ___core_path5(p, a, rest...) ___core_path4(p->a, rest)
#define ___core_path6(p, a, rest...) ___core_path5(p->a, rest)
#define ___core_path7(p, a, rest...) ___core_path6(p->a, rest)
#define ___core_path8(p, a, rest...) ___core_path7(p->a, rest)
#define ___core_path9(p, a, rest...) ___core_path8(p->a, rest)
#define ___core_path(src, accessors...) ___bpf_apply(___core_path, ___bpf_narg(accessors))((src), accessors)

/* A variable of the chain's type, read and returned; it must be assignable, so its qualifiers go. */
#define ___core_value(fn, src, accessors...) \
	({ \
		__typeof_unqual__(___core_path(src, accessors)) __r; \
		___core_chain(fn, fn, &__r, src, accessors); \
		__r; \
	})

/* The value at the end of the chain; 0 where a read failed. */
#define BPF_CORE_READ(src, a, ...) ___core_value(bpf_core_read, src, a, ##__VA_ARGS__)
#define BPF_CORE_READ_USER(src, a, ...) ___core_value(bpf_core_read_user, src, a, ##__VA_ARGS__)
/* The same into the caller's variable; the result is that of the last read. */
#define BPF_CORE_READ_INTO(dst, src, a, ...) \
	___core_chain(bpf_core_read, bpf_core_read, dst, src, a, ##__VA_ARGS__)
#define BPF_CORE_READ_USER_INTO(dst, src, a, ...) \
	___core_chain(bpf_core_read_user, bpf_core_read_user, dst, src, a, ##__VA_ARGS__)
/* Pointers first, then a string. */
#define BPF_CORE_READ_STR_INTO(dst, src, a, ...) \
	___core_chain(bpf_core_read_str, bpf_core_read, dst, src, a, ##__VA_ARGS__)
#define BPF_CORE_READ_USER_STR_INTO(dst, src, a, ...) \
	___core_chain(bpf_core_read_user_str, bpf_core_read_user, dst, src, a, ##__VA_ARGS__)

/* The same chains by the program's own offsets, without relocations. */
#define BPF_PROBE_READ(src, a, ...) ___core_value(bpf_probe_read_kernel, src, a, ##__VA_ARGS__)
#define BPF_PROBE_READ_USER(src, a, ...) ___core_value(bpf_probe_read_user, src, a, ##__VA_ARGS__)
#define BPF_PROBE_READ_INTO(dst, src, a, ...) \
	___core_chain(bpf_probe_read_kernel, bpf_probe_read_kernel, dst, src, a, ##__VA_ARGS__)
#define BPF_PROBE_READ_USER_INTO(dst, src, a, ...) \
	___core_chain(bpf_probe_read_user, bpf_probe_read_user, dst, src, a, ##__VA_ARGS__)
#define BPF_PROBE_READ_STR_INTO(dst, src, a, ...) \
	___core_chain(bpf_probe_read_kernel_str, bpf_probe_read_kernel, dst, src, a, ##__VA_ARGS__)
#define BPF_PROBE_READ_USER_STR_INTO(dst, src, a, ...) \
	___core_chain(bpf_probe_read_user_str, bpf_probe_read_user, dst, src, a, ##__VA_ARGS__)

/* ---- Bitfields: the unit that holds one, its shifts and its sign are all relocated */

#define __CORE_RELO(src, field, info) __builtin_preserve_field_info((src)->field, BPF_FIELD_##info)

/* The bits end at the top of the 64, then go back down, which extends them by their sign. */
#define ___core_bits(s, field, unit) \
	({ \
		unsigned long long ___bits = (unit) << __CORE_RELO(s, field, LSHIFT_U64); \
		if (__CORE_RELO(s, field, SIGNED)) \
			___bits = (long long)___bits >> __CORE_RELO(s, field, RSHIFT_U64); \
		else \
			___bits = ___bits >> __CORE_RELO(s, field, RSHIFT_U64); \
		___bits; \
	})

/* From memory that only bpf_probe_read_kernel reaches. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ___core_unit_address(unit, s, field) ((void *)(unit))
#else
#define ___core_unit_address(unit, s, field) ((void *)(unit) + (8 - __CORE_RELO(s, field, BYTE_SIZE)))
#endif
#define BPF_CORE_READ_BITFIELD_PROBED(s, field) \
	({ \
		unsigned long long ___unit = 0; \
		bpf_probe_read_kernel(___core_unit_address(&___unit, s, field), __CORE_RELO(s, field, BYTE_SIZE), \
				      (const void *)(s) + __CORE_RELO(s, field, BYTE_OFFSET)); \
		___core_bits(s, field, ___unit); \
	})

/* From memory that the program may read itself. The address is opaque to the compiler, so that it is relocated once and
 * not in each load. */
#define BPF_CORE_READ_BITFIELD(s, field) \
	({ \
		const void *___p = (const void *)(s) + __CORE_RELO(s, field, BYTE_OFFSET); \
		unsigned long long ___unit; \
		asm volatile("" : "+r"(___p)); \
		switch (__CORE_RELO(s, field, BYTE_SIZE)) { \
		case 1: ___unit = *(const unsigned char *)___p; break; \
		case 2: ___unit = *(const unsigned short *)___p; break; \
		case 4: ___unit = *(const unsigned int *)___p; break; \
		case 8: ___unit = *(const unsigned long long *)___p; break; \
		default: ___unit = 0; break; \
		} \
		___core_bits(s, field, ___unit); \
	})

#define BPF_CORE_WRITE_BITFIELD(s, field, new_val) \
	({ \
		void *___p = (void *)(s) + __CORE_RELO(s, field, BYTE_OFFSET); \
		unsigned int ___size = __CORE_RELO(s, field, BYTE_SIZE); \
		unsigned int ___left = __CORE_RELO(s, field, LSHIFT_U64); \
		unsigned int ___right = __CORE_RELO(s, field, RSHIFT_U64); \
		unsigned long long ___new = new_val, ___unit = 0; \
		unsigned long long ___mask = (~0ULL << ___right) >> ___left; \
		asm volatile("" : "+r"(___p)); \
		switch (___size) { \
		case 1: ___unit = *(unsigned char *)___p; break; \
		case 2: ___unit = *(unsigned short *)___p; break; \
		case 4: ___unit = *(unsigned int *)___p; break; \
		case 8: ___unit = *(unsigned long long *)___p; break; \
		} \
		___unit = (___unit & ~___mask) | ((___new << (___right - ___left)) & ___mask); \
		switch (___size) { \
		case 1: *(unsigned char *)___p = ___unit; break; \
		case 2: *(unsigned short *)___p = ___unit; break; \
		case 4: *(unsigned int *)___p = ___unit; break; \
		case 8: *(unsigned long long *)___p = ___unit; break; \
		} \
	})

#endif
