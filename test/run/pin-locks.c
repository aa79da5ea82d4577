// RUN: rm -rf %t.kept && %spile run -q --pin %t.kept %s
// RUN: %python %inputs/exits.py 1 %spile run --pin %t.kept -DOTHER_LOCK %s 2>&1 | FileCheck %s --check-prefix=LOCK
// RUN: %python %inputs/exits.py 1 %spile run --pin %t.kept -DNO_LOCK %s 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: %python %inputs/exits.py 1 %spile run --pin %t.kept -DFLAGS=BPF_F_NO_PREALLOC %s 2>&1 | FileCheck %s --check-prefix=FLAGS
// RUN: %spile run -q --pin %t.kept %s && %spile map dump %t.kept/counts | FileCheck %s --check-prefix=DUMP
// RUN: printf X | dd of=%t.kept/counts bs=1 seek=20 conv=notrunc 2>%t.dd
// RUN: not %spile map list %t.kept %t.not-there >%t.out 2>%t.err && FileCheck %s --check-prefix=OUT <%t.out && FileCheck %s --check-prefix=ERR <%t.err
// Without it, a probe could write through a lock where another one keeps a number, and one damaged file could hide the others.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <spile.h>

#ifndef FLAGS
#define FLAGS 0
#endif

struct counted {
#ifdef OTHER_LOCK
	u32 number;
	struct bpf_spin_lock lock;
#elif defined(NO_LOCK)
	u64 number;
#else
	struct bpf_spin_lock lock;
	u32 number;
#endif
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__uint(map_flags, FLAGS);
	__type(key, u32);
	__type(value, struct counted);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} other SEC(".maps");

SEC("begin")
int begins(void *ctx)
{
	struct counted first = {}, *known;
	u32 key = 1;

	bpf_map_update_elem(&counts, &key, &first, BPF_NOEXIST);
	known = bpf_map_lookup_elem(&counts, &key);
	if (!known)
		return 0;
#ifndef NO_LOCK
	bpf_spin_lock(&known->lock);
#endif
	known->number++;
#ifndef NO_LOCK
	bpf_spin_unlock(&known->lock);
#endif
	bpf_map_lookup_elem(&other, &key);
	exit(0);
	return 0;
}

// LOCK: another map lies there: it has a lock at byte 0 of its values; `counts` has a lock at byte 4 of its values
// NONE: another map lies there: it has a lock at byte 0 of its values; `counts` has no lock
// FLAGS: another map lies there: it has flags 0x0; `counts` has flags 0x1
// DUMP: counts[1] = {{.*}}.number = 2
// OUT: other: array
// ERR: counts: its header is damaged
// ERR: not-there
