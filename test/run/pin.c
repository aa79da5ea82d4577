// RUN: rm -rf %t.kept && %spile run --pin %t.kept %s 2>&1 | FileCheck %s --check-prefix=FIRST
// RUN: %spile run --pin %t.kept %s -o %t.out 2>&1 | FileCheck %s --check-prefix=KEPT
// RUN: %spile map list %t.kept | FileCheck %s --check-prefix=LIST
// RUN: %spile map dump %t.kept/runs | FileCheck %s --check-prefix=DUMP
// RUN: %spile map dump --hex %t.kept/runs | FileCheck %s --check-prefix=HEX
// RUN: %spile map dump -f json %t.kept/runs | FileCheck %s --check-prefix=JSON
// RUN: %spile map update %t.kept/runs key 3 value 1 0 0 0 98 0 0 0 && %spile map lookup %t.kept/runs key hex 03 00 00 00 | FileCheck %s --check-prefix=ELEMENT
// RUN: %spile map pin %t.kept/runs %t.kept/again && %spile map delete %t.kept/again key 3
// RUN: not %spile map lookup %t.kept/runs key 3 2>&1 | FileCheck %s --check-prefix=GONE
// RUN: %spile map update %t.kept/limit key 0 value -5 && %spile map dump %t.kept/limit | FileCheck %s --check-prefix=LIMIT
// RUN: not %spile map update %t.kept/runs key 7 value 1 0 0 0 98 0 0 0 exist 2>&1 | FileCheck %s --check-prefix=GONE
// RUN: %python %inputs/exits.py 2 %spile map lookup %t.kept/runs key 1 2 2>&1 | FileCheck %s --check-prefix=SHORT
// RUN: %python %inputs/exits.py 2 %spile map lookup %t.kept/runs 1 2>&1 | FileCheck %s --check-prefix=WORD
// RUN: not %spile map dump %s 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not %spile run --pin %t.kept -DENTRIES=9 %s 2>&1 | FileCheck %s --check-prefix=ANOTHER
// RUN: head -c 5000 %t.kept/runs > %t.kept/cut && not %spile map dump %t.kept/cut 2>&1 | FileCheck %s --check-prefix=CUT
// RUN: rm -rf %t.killed && %python %inputs/exits.py -9 timeout -s KILL 2 %spile run --pin %t.killed -DTURNS %s && %spile map dump %t.killed/runs | FileCheck %s --check-prefix=DUMP1
// Without it, what a probe gathered could be lost with the run, or shown wrongly to whoever looks at it later.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <spile.h>

#ifndef ENTRIES
#define ENTRIES 8
#endif

struct run {
	u32 turns;
	char letter;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENTRIES);
	__type(key, u32);
	__type(value, struct run);
} runs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, s64);
} limit SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 8);
	__uint(key_size, 4);
	__uint(value_size, 64);
} stacks SEC(".maps");

SEC("begin")
int begins(void *ctx)
{
	u32 key = 1;
	struct run first = { .turns = 1, .letter = 'a' }, *known = bpf_map_lookup_elem(&runs, &key);

	if (known)
		known->turns++;
	else
		bpf_map_update_elem(&runs, &key, &first, BPF_NOEXIST);
#ifndef TURNS
	exit(0);
#endif
	return 0;
}

#ifdef TURNS
SEC("interval/1s")
int turns(void *ctx)
{
	return 0;
}
#endif

// FIRST-NOT: spile_output
// FIRST: `stacks` is not kept: a map of type stack traces is not kept in a file
// KEPT: `stacks` is not kept
// LIST: limit: array  name limit  flags 0x0
// LIST-NEXT: key 4B  value 8B  max_entries 1
// LIST: runs: hash  name runs
// DUMP: runs[1] = { .turns = 2, .letter = 97 }
// HEX: key: 01 00 00 00  value: 02 00 00 00 61 00 00 00
// HEX-NEXT: Found 1 element
// JSON: {"map":"runs","key":1,"value":{"turns":2,"letter":
// ELEMENT: runs[3] = { .turns = 1, .letter = 98 }
// GONE: `runs` has no element of this key
// LIMIT: limit = -5
// SHORT: the key has 4 bytes, and 2 were given
// WORD: the word `key` is missing in front of what it is
// WORD: `key 1`, or all 4 bytes: `key hex 01 ...`
// OTHER: it is no map of `spile run --pin`
// ANOTHER: another map lies there: it has 8 entries; `runs` has 9 entries
// CUT: it is too short
// DUMP1: runs[1] = { .turns = 1, .letter = 97 }
