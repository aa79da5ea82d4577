#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct place {
	char letter;
	u64 number;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, struct place);
} places SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} one SEC(".maps");

extern int LINUX_KERNEL_VERSION __kconfig;

const volatile pid_t wanted = 0;
const volatile u64 wanted_call = 0;
const volatile char name[3] = "ab";
static u64 hidden;
struct place last;
char flag;
u64 calls;
const void *address;
int table[2][3];
int version = 7;
short mine SEC(".data.mine") = 5;

SEC("raw_tp/sys_enter")
int on_getpgid(struct bpf_raw_tracepoint_args *ctx)
{
	u64 task = bpf_get_current_pid_tgid();
	u32 key = 0;
	u64 *counted;

	if (task >> 32 != wanted || ctx->args[1] != wanted_call)
		return 0;
	hidden++;
	__sync_fetch_and_add(&calls, 1);
	last.number = hidden;
	last.letter = name[0];
	flag = LINUX_KERNEL_VERSION > 0;
	address = ctx;
	table[1][2] = version + mine;
	counted = bpf_map_lookup_elem(&one, &key);
	if (counted)
		__sync_fetch_and_add(counted, 1);
	bpf_map_update_elem(&places, &key, &last, BPF_ANY);
	return 0;
}

SEC("raw_tp/sys_exit")
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
