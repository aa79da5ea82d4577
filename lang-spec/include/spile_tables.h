// Tables: maps that are declared and used in one line, and printed when the run ends as what they are: counts, sums,
// averages, extremes, histograms. A decl tag on the map says it, so any tool can know.
//
// In a header of its own because of its names: count, sum, avg, min, max, hist, lhist, get, set, del.
#ifndef __SPILE_TABLES_H
#define __SPILE_TABLES_H

#include <spile.h>

/* How many keys a table has room for. */
#ifndef SPILE_TABLE_SIZE
#define SPILE_TABLE_SIZE 4096
#endif

#define ___spile_key0() __type(key, __u32);
#define ___spile_key1(a) __type(key, a);
#define ___spile_key2(a, b) ___spile_keys(a k1; b k2;)
#define ___spile_key3(a, b, c) ___spile_keys(a k1; b k2; c k3;)
#define ___spile_key4(a, b, c, d) ___spile_keys(a k1; b k2; c k3; d k4;)
#define ___spile_keys(members) __type(key, struct { members } __attribute__((packed)));
#define ___spile_table(name, tag, entries, value_type, key_types...)                      \
	struct {                                                                          \
		__uint(type, BPF_MAP_TYPE_HASH);                                          \
		__uint(max_entries, entries);                                             \
		__type(value, value_type);                                                \
		___spile_join(___spile_key, ___spile_narg(key_types))(key_types)          \
	} name SEC(".maps") __attribute__((btf_decl_tag(tag)))
/* A table without keys has one element. */
#define ___spile_entries(key_types...) (___spile_narg(key_types) ? SPILE_TABLE_SIZE : 1)

struct spile_avg {
	__u64 count;
	__s64 sum;
};
struct spile_hist {
	__u64 slots[66]; /* below 0, 0, 1, 2 to 3, 4 to 7, ... */
};

#define TABLE(name, value_type, key_types...) \
	___spile_table(name, "spile:table", ___spile_entries(key_types), value_type, ##key_types)
/* The same for what is kept between two events, which is not printed. */
#define SCRATCH(name, value_type, key_types...) \
	___spile_table(name, "spile:scratch", ___spile_entries(key_types), value_type, ##key_types)
#define COUNT(name, key_types...) ___spile_table(name, "spile:count", ___spile_entries(key_types), __u64, ##key_types)
#define SUM(name, key_types...) ___spile_table(name, "spile:sum", ___spile_entries(key_types), __s64, ##key_types)
#define AVG(name, key_types...) \
	___spile_table(name, "spile:avg", ___spile_entries(key_types), struct spile_avg, ##key_types)
#define MIN(name, key_types...) ___spile_table(name, "spile:min", ___spile_entries(key_types), __s64, ##key_types)
#define MAX(name, key_types...) ___spile_table(name, "spile:max", ___spile_entries(key_types), __s64, ##key_types)
#define HIST(name, key_types...) \
	___spile_table(name, "spile:hist", ___spile_entries(key_types), struct spile_hist, ##key_types)
#define LHIST(name, min, max, step, key_types...)                                         \
	struct name##_hist {                                                              \
		__u64 slots[___spile_slots(min, max, step)];                              \
	};                                                                                \
	___spile_table(name, "spile:lhist:" #min ":" #max ":" #step, ___spile_entries(key_types), struct name##_hist, \
		       ##key_types)
#define ___spile_slots(min, max, step) (((max) - (min) + (step) - 1) / (step) + 2)

#define ___spile_init0() {}
#define ___spile_init1(a) a
#define ___spile_init2(args...) { args }
#define ___spile_init3(args...) { args }
#define ___spile_init4(args...) { args }
#define ___spile_init(keys...) ___spile_join(___spile_init, ___spile_narg(keys))(keys)

/* An array of characters is its address where C makes a number of it. */
#define ___spile_no_text0()
#define ___spile_no_text1(x)                                                              \
	_Static_assert(_Generic((x), char *: 0, const char *: 0, default: 1),             \
		       "a table copies strings: write kstr(...) for one of the kernel or the context, str(...) for one of the task");
#define ___spile_no_text2(x, args...) ___spile_no_text1(x) ___spile_no_text1(args)
#define ___spile_no_text3(x, args...) ___spile_no_text1(x) ___spile_no_text2(args)
#define ___spile_no_text4(x, args...) ___spile_no_text1(x) ___spile_no_text3(args)
/* Plain arguments, no ##: what a key calls is expanded before, and may be one of these macros again. */
#define ___spile_no_text(keys...) ___spile_join(___spile_no_text, ___spile_narg(keys))(keys)

/* The value at a key, made of zeros when there is none; null when the table is full. */
#define ___spile_at(map, keys...)                                                         \
	({                                                                                \
		static const typeof(*(map).value) ___zeros;                               \
		___spile_no_text(keys)                                                    \
		typeof(*(map).key) ___key = ___spile_init(keys);                                     \
		typeof((map).value) ___value = bpf_map_lookup_elem(&(map), &___key);      \
		if (!___value) {                                                          \
			bpf_map_update_elem(&(map), &___key, &___zeros, BPF_NOEXIST);     \
			___value = bpf_map_lookup_elem(&(map), &___key);                  \
		}                                                                         \
		___value;                                                                 \
	})

#define get(map, keys...)                                                                 \
	({                                                                                \
		___spile_no_text(keys)                                                    \
		typeof(*(map).key) ___key = ___spile_init(keys);                                     \
		typeof((map).value) ___value = bpf_map_lookup_elem(&(map), &___key);      \
		___value ? *___value : (typeof(*(map).value)){};                          \
	})
#define set(map, new_value, keys...)                                                      \
	({                                                                                \
		___spile_no_text(keys)                                                    \
		typeof(*(map).key) ___key = ___spile_init(keys);                                     \
		___spile_no_text1(new_value)                                              \
		typeof(*(map).value) ___new = new_value;                                  \
		bpf_map_update_elem(&(map), &___key, &___new, BPF_ANY);                   \
	})
#define del(map, keys...)                                                                 \
	({                                                                                \
		___spile_no_text(keys)                                                    \
		typeof(*(map).key) ___key = ___spile_init(keys);                                     \
		bpf_map_delete_elem(&(map), &___key);                                     \
	})

#define count(map, keys...) sum(map, 1, ##keys)
#define sum(map, number, keys...)                                                         \
	({                                                                                \
		typeof((map).value) ___sum = ___spile_at(map, ##keys);                    \
		if (___sum)                                                               \
			__sync_fetch_and_add(___sum, (number));                           \
	})
#define avg(map, number, keys...)                                                         \
	({                                                                                \
		struct spile_avg *___avg = ___spile_at(map, ##keys);                      \
		if (___avg) {                                                             \
			__sync_fetch_and_add(&___avg->sum, (number));                     \
			__sync_fetch_and_add(&___avg->count, 1);                          \
		}                                                                         \
	})
#define min(map, number, keys...) ___spile_extreme(<, map, number, ##keys)
#define max(map, number, keys...) ___spile_extreme(>, map, number, ##keys)
#define ___spile_extreme(before, map, number, keys...)                                    \
	({                                                                                \
		___spile_no_text(keys)                                                    \
		typeof(*(map).key) ___key = ___spile_init(keys);                                     \
		__s64 ___number = (number);                                               \
		__s64 *___extreme = bpf_map_lookup_elem(&(map), &___key);                 \
		if (!___extreme)                                                          \
			bpf_map_update_elem(&(map), &___key, &___number, BPF_NOEXIST);    \
		else if (___number before *___extreme)                                    \
			*___extreme = ___number;                                          \
	})
#define hist(map, number, keys...)                                                        \
	({                                                                                \
		__u32 ___slot = ___spile_log2_slot(number);                               \
		struct spile_hist *___hist = ___spile_at(map, ##keys);                    \
		if (___hist && ___slot < 66)                                              \
			__sync_fetch_and_add(&___hist->slots[___slot], 1);                \
	})
#define lhist(map, number, min, max, step, keys...)                                       \
	({                                                                                \
		__u64 ___slot = ___spile_linear_slot(number, min, max, step);             \
		typeof((map).value) ___hist = ___spile_at(map, ##keys);                   \
		/* the compiler knows that it is, the verifier does not */                \
		barrier_var(___slot);                                                     \
		if (___hist && ___slot < sizeof(*___hist) / sizeof(__u64))                \
			__sync_fetch_and_add(&___hist->slots[___slot], 1);                \
	})

static __always_inline __u32 ___spile_log2_slot(__s64 number)
{
	__u32 slot = 1;

	if (number < 0)
		return 0;
	if (number >> 32) {
		number >>= 32;
		slot += 32;
	}
	if (number >> 16) {
		number >>= 16;
		slot += 16;
	}
	if (number >> 8) {
		number >>= 8;
		slot += 8;
	}
	if (number >> 4) {
		number >>= 4;
		slot += 4;
	}
	if (number >> 2) {
		number >>= 2;
		slot += 2;
	}
	return slot + (number >> 1 ? 2 : number);
}

static __always_inline __u64 ___spile_linear_slot(__s64 number, __s64 min, __s64 max, __u64 step)
{
	if (number < min)
		return 0;
	if (number >= max)
		return (max - min + step - 1) / step + 1;
	return (number - min) / step + 1;
}
#endif
