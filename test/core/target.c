// RUN: %spile build %inputs/../core/Inputs/target.c -o %t.target.o && %spile build %s -o %t.o
// RUN: %spile dump --core --target %t.target.o %t.o | FileCheck %s --check-prefix=DUMP
// RUN: %spile check --btf=%t.target.o %t.o --prog guarded
// RUN: not %spile check --btf=%t.target.o %t.o --prog reached 2>&1 | FileCheck %s --check-prefix=REACHED
// RUN: not %spile check --btf=%root/README.md %t.o 2>&1 | FileCheck %s --check-prefix=NOBTF
// Without it, nobody could see what a relocation comes to on another kernel, nor why a program cannot run there.
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

enum state { RUNNING, DEAD };
struct inner { int moved; unsigned int small; } __attribute__((preserve_access_index));
struct thing___old { int gone; unsigned int flag : 2; unsigned int moved; struct inner in[2]; int narrow; } __attribute__((preserve_access_index));
struct thing { int pad; unsigned int moved; } __attribute__((preserve_access_index));

char LICENSE[] SEC("license") = "GPL";

// DUMP: section socket:
// DUMP: byte_off struct thing.moved = 4 (0:1)
// DUMP-NEXT: in the target: struct thing.moved = 24
// DUMP: byte_off struct thing___old.in[1].moved
// DUMP-NEXT: in the target: struct thing.in[1].moved = 60
// DUMP: byte_off struct thing___old.in[1].small = 24
// DUMP-NEXT: in the target: struct thing.in[1].small = 56
// DUMP: field_exists struct thing___old.gone = 1
// DUMP-NEXT: in the target: nothing, = 0
// DUMP: rshift_u64 struct thing___old.flag = 62
// DUMP-NEXT: in the target: struct thing.flag = 59
// DUMP: enumval_value enum state::RUNNING = 0
// DUMP-NEXT: in the target: enum state::RUNNING = 7
// DUMP: enumval_exists enum state::DEAD = 1
// DUMP-NEXT: in the target: nothing, = 0
// DUMP: type_matches struct inner = 1
// DUMP-NEXT: in the target: nothing, = 0
// DUMP: type_exists struct thing___old = 1
// DUMP-NEXT: in the target: struct thing = 1
SEC("socket")
int guarded(void *ctx)
{
	char buffer[256] = {};
	struct thing *now = (void *)buffer;
	struct thing___old *old = (void *)buffer;
	int sum = now->moved + old->in[1].moved + old->in[1].small;

	if (bpf_core_field_exists(old->gone))
		sum += old->gone;
	sum += __builtin_preserve_field_info(old->flag, BPF_FIELD_RSHIFT_U64);
	return sum + bpf_core_enum_value(enum state, RUNNING) + bpf_core_enum_value_exists(enum state, DEAD) +
	       bpf_core_type_matches(struct inner) + bpf_core_type_exists(struct thing___old);
}

// REACHED: target.c:[[# @LINE + 7]]:{{.*}}error: {{.*}}`struct thing___old.gone`{{.*}}[CoreUnresolved]
// NOBTF: README.md: no BTF
SEC("socket")
int reached(void *ctx)
{
	char buffer[256] = {};
	struct thing___old *old = (void *)buffer;
	return old->gone;
}
