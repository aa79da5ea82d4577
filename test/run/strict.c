// RUN: %spile run %s 2>&1 | FileCheck %s
// RUN: %python %inputs/exits.py 4 %spile run --strict %s 2>&1 | FileCheck %s --check-prefix=STRICT
// RUN: %python %inputs/exits.py 4 %spile run --strict -q %s -c true 2>&1 | FileCheck %s --check-prefix=QUIET
// RUN: %spile run --strict -q -e 'begin { count(n) }'
// RUN: %python %inputs/exits.py 7 %spile run --strict -q -e 'begin { char t[8]; bpf_probe_read_user(t, 8, (void *)1); exit(7) }'
// RUN: %spile run --stats -q -e 'begin { count(n, pid) } end { for_each(n, key, value) ; }' 2>&1 | FileCheck %s --check-prefix=STATS
// Without it, a run that a script relies on could lose counts and end as if nothing had happened.
#define SPILE_TABLE_SIZE 4
#include "vmlinux.h"
#include <spile_tables.h>

COUNT(seen, int);

SEC("begin")
int fill(void *ctx)
{
	for (int i = 0; i < 6; i++)
		count(seen, i);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
// CHECK: seen[0] = 1
// CHECK: bpf_map_update_elem returned -7 (Argument list too long) 2 times
// CHECK: map `seen` is full: it has room for 4 elements
// STRICT: error: helpers failed or records were lost, and --strict is set
// STATS-DAG: {{begin \(begin\)|on_begin \(begin\)}}: 1 run, {{[0-9]+}} ns each
// STATS-DAG: map n: 1 of 4096 elements
// QUIET: spile: bpf_map_update_elem returned -7 (Argument list too long) 2 times
// QUIET: spile: map `seen` is full: it has room for 4 elements
// QUIET: error: helpers failed or records were lost, and --strict is set
