// RUN: not %spile check -DKEY=__u32 %s 2>&1 | FileCheck %s --check-prefix=KEY
// RUN: %spile build -DKEY=__u64 %s -o %t.o 2>&1 | FileCheck %s --check-prefix=BUILT
// RUN: not %spile check %t.o 2>&1 | FileCheck %s --check-prefix=OBJECT
// RUN: not %spile run -q -DKEY=__u32 %s 2>&1 | FileCheck %s --check-prefix=RAN
// RUN: %spile check -DSOUND -DKEY=__u32 %s 2>&1 | FileCheck %s --check-prefix=SOUND
// RUN: %spile run -q -DSOUND -DKEY=__u32 %s
// RUN: %spile build -Werror -DSOUND -DKEY=__u32 %s -o %t.sound.o
// RUN: %spile check %t.sound.o 2>&1 | FileCheck %s --check-prefix=SOUND
// Without it, what the kernel refuses to make would be found by the loader, without a line.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <spile.h>

#ifdef SOUND
// As libbpf: three pages become four; an element for each CPU.
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 9000);
} ring SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(map_flags, BPF_F_STACK_BUILD_ID);
	__uint(max_entries, 4);
	__type(key, __u32);
	__uint(value_size, 127 * sizeof(struct bpf_stack_build_id));
} stacks SEC(".maps");
#else
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
} endless SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
} worthless SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__type(key, __u32);
} keyed SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 4);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u64);
} routes SEC(".maps");
#endif
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, KEY);
	__type(value, __u64);
} counts SEC(".maps");

SEC("begin")
int begins(void *ctx)
{
	exit(0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
// KEY: [[@LINE-34]]:3: warning: map `endless`: max_entries is 0; the kernel refuses it unless its loader says more [MapNotSized]
// KEY: hint: add __uint(max_entries, N), or have the loader call bpf_map__set_max_entries()
// KEY: warning: map `worthless`: it has no value: value_size is 0; the kernel refuses it unless its loader says more
// KEY: map `keyed`: key_size is 4; a map of type RINGBUF has no keys [MapDefinition]
// KEY: map `routes`: key_size is 4; LPM_TRIE takes 5 to 260 bytes: the prefix's length, then the data [MapDefinition]
// KEY-NOT: `counts`
// BUILT-NOT: `endless`
// BUILT: warning: map `keyed`: key_size is 4; a map of type RINGBUF has no keys; no loader takes the object [UnloadableMap]
// BUILT: warning: map `counts`: key_size is 8; ARRAY takes 4 bytes; no loader takes the object [UnloadableMap]
// BUILT: hint: write __type(key, __u32)
// OBJECT: warning: map `endless`: max_entries is 0; the kernel refuses it unless its loader says more
// RAN: [[@LINE-45]]:3: error: map `endless`: max_entries is 0 [MapDefinition]
// OBJECT: map-definitions.c.{{.*}}: error: map `counts`: key_size is 8; ARRAY takes 4 bytes
// SOUND: accepted
