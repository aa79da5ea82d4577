// RUN: %spile check %s 2>&1 | FileCheck %s
// RUN: %spile check -DLONG %s 2>&1 | FileCheck %s
// RUN: not %spile check -DTWICE %s 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: %spile dump --maps %s | FileCheck %s --check-prefix=MAP
// Without it, programs that bring their own struct bpf_map_def, as with libbpf's headers they must, would not compile.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bpf_map_def {
	unsigned int type;
	unsigned int key_size;
	unsigned int value_size;
	unsigned int max_entries;
	unsigned int map_flags;
#ifdef LONG
	unsigned int inner_map_idx;
	unsigned int numa_node;
	unsigned int more;
#endif
};
#ifdef TWICE
struct bpf_map_def {
	unsigned int type;
};
// TWICE: `struct bpf_map_def` is defined twice
#endif

_Static_assert(sizeof(struct bpf_map_def) != 28, "the program's own");
// CHECK: accepted
// MAP: map counts: hash, key 4 bytes, value 8 bytes, max_entries 16, in maps

struct bpf_map_def SEC("maps") counts = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = 4,
	.value_size = 8,
	.max_entries = 16,
};

SEC("socket")
int count(struct __sk_buff *skb)
{
	int key = 0;
	long *value = bpf_map_lookup_elem(&counts, &key);

	if (value)
		*value += 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
