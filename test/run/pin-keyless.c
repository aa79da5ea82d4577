// RUN: rm -rf %t && %spile run -q --pin %t %s && %spile run -q --pin %t %s
// RUN: %spile map list %t | FileCheck %s --check-prefix=LIST
// RUN: %spile map dump %t/jobs | FileCheck %s --check-prefix=JOBS
// RUN: %spile map pop %t/jobs | FileCheck %s --check-prefix=FIRST && %spile map peek --hex %t/jobs | FileCheck %s --check-prefix=SECOND
// RUN: %spile map push %t/jobs value 7 && %spile map dump %t/jobs | FileCheck %s --check-prefix=PUSHED
// RUN: %spile map push %t/jobs value 8 && not %spile map enqueue %t/jobs value 9 2>&1 | FileCheck %s --check-prefix=FULL
// RUN: %spile map peek %t/undo | FileCheck %s --check-prefix=TOP
// RUN: %spile map pop %t/undo && %spile map dequeue %t/undo && not %spile map pop %t/undo 2>&1 | FileCheck %s --check-prefix=EMPTY
// RUN: %spile map peek %t/seen value 5 | FileCheck %s --check-prefix=SEEN
// RUN: not %spile map peek %t/seen value 77 2>&1 | FileCheck %s --check-prefix=UNSEEN
// RUN: %spile map push %t/seen value 77 && %spile map peek %t/seen value 77
// RUN: %spile map lookup %t/routes key 32 0 0 0 10 1 9 9 | FileCheck %s --check-prefix=ROUTE
// RUN: %spile map update %t/routes key 24 0 0 0 10 1 9 0 value 3 && %spile map dump %t/routes | FileCheck %s --check-prefix=ROUTES
// RUN: %spile map delete %t/routes key 24 0 0 0 10 1 9 0 && not %spile map delete %t/routes key 24 0 0 0 10 1 9 0
// RUN: not %spile map push %t/routes value 3 2>&1 | FileCheck %s --check-prefix=KEYED
// Without it, what waits in a queue, is in a filter or in a table of routes would be lost with the run.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <spile.h>

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 3);
	__type(value, u32);
} jobs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 4);
	__type(value, u32);
} undo SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 100);
	__type(value, u64);
} seen SEC(".maps");

struct route {
	u32 prefix;
	u8 address[4];
};
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct route);
	__type(value, u32);
} routes SEC(".maps");

SEC("begin")
int begins(void *ctx)
{
	struct route whole = { 8, { 10 } }, part = { 16, { 10, 1 } }, asked = { 32, { 10, 1, 2, 3 } };
	u32 one = 1, two = 2, *found = bpf_map_lookup_elem(&routes, &asked);
	u64 five = 5;

	/* The second run goes on where the first ended. */
	if (found)
		one = *found + 40;
	bpf_map_push_elem(&jobs, &one, 0);
	bpf_map_push_elem(&undo, &one, 0);
	bpf_map_push_elem(&seen, &five, 0);
	one = 1;
	bpf_map_update_elem(&routes, &whole, &one, BPF_ANY);
	bpf_map_update_elem(&routes, &part, &two, BPF_ANY);
	exit(0);
	return 0;
}

// LIST: jobs: queue
// LIST: routes: longest prefix match
// LIST: seen: bloom filter
// LIST: undo: stack
// JOBS: jobs[0] = 1
// JOBS-NEXT: jobs[1] = 42
// FIRST: 1
// SECOND: value: 2a 00 00 00
// PUSHED: jobs[0] = 42
// PUSHED-NEXT: jobs[1] = 7
// FULL: `jobs` is full
// TOP: 42
// EMPTY: `undo` is empty
// SEEN: `seen` has seen it, or looks so
// UNSEEN: `seen` has not seen it
// ROUTE: = 2
// ROUTES: .prefix = 24{{.*}} = 3
// ROUTES-NEXT: .prefix = 16{{.*}} = 2
// ROUTES-NEXT: .prefix = 8{{.*}} = 1
// KEYED: push in `routes`
