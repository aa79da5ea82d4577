// check
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct value {
	u8 bytes[64];
};
struct guarded {
	struct bpf_spin_lock lock;
	u32 count;
};
struct prefix {
	u32 length, address;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, struct value);
} values SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, struct guarded);
} locked SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 8);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, u32);
} routes SEC(".maps");

static u8 bytes[64];
/* a size of 64 bits, as the verifier sees it */
static long (*read_user)(void *to, long size, const void *from) = (void *)BPF_FUNC_probe_read_user;

static long beyond_key(struct bpf_map *map, u32 *key, struct value *value, void *ctx)
{
	return key[1] > 3; // expect: MapKeyBounds
}
SEC("tp/syscalls/sys_enter_kill") int key_bounds(void *ctx)
{
	return bpf_for_each_map_elem(&values, beyond_key, NULL, 0);
}
static long writes_key(struct bpf_map *map, u32 *key, struct value *value, void *ctx)
{
	*key = 3; // expect: ReadOnlyKey
	return 0;
}
SEC("tp/syscalls/sys_enter_kill") int read_only_key(void *ctx)
{
	return bpf_for_each_map_elem(&values, writes_key, NULL, 0);
}
static long nothing(struct bpf_map *map, u32 *key, struct value *value, void *ctx)
{
	return 0;
}
SEC("tp/syscalls/sys_enter_kill") int not_walked(void *ctx)
{
	return bpf_for_each_map_elem(&routes, nothing, NULL, 0); // expect: CallbackMap
}
SEC("tp/syscalls/sys_enter_kill") int negative(struct trace_event_raw_sys_enter *ctx)
{
	s64 i = ctx->args[0];

	if (i > 40 || i < -3)
		return 0;
	return bytes[i]; // expect: NegativeIndex
}
SEC("tp/syscalls/sys_enter_kill") int unbounded(struct trace_event_raw_sys_enter *ctx)
{
	u64 i = ctx->args[0];

	if (i > 1UL << 29)
		return 0;
	return bytes[i]; // expect: UnboundedIndex
}
SEC("tp/syscalls/sys_enter_kill") int unbounded_stack(struct trace_event_raw_sys_enter *ctx)
{
	u8 local[16];

	u64 i = ctx->args[0];

	bpf_get_current_comm(local, sizeof(local));
	if (i > 1UL << 29)
		return 0;
	return local[i]; // expect: UnboundedStackIndex
}
SEC("tp/syscalls/sys_enter_kill") int null_argument(struct trace_event_raw_sys_enter *ctx)
{
	u32 key = 1;
	struct value *value = bpf_map_lookup_elem(&values, &key);

	return bpf_get_current_comm(value, 4); // expect: NullArgument
}
SEC("tp/syscalls/sys_enter_kill") int negative_size(struct trace_event_raw_sys_enter *ctx)
{
	s64 size = ctx->args[0];

	if (size > 20)
		return 0;
	return read_user(bytes, size, (void *)ctx->args[1]); // expect: SizeNegative
}
SEC("tp/syscalls/sys_enter_kill") int unbounded_size(struct trace_event_raw_sys_enter *ctx)
{
	return read_user(bytes, (u32)ctx->args[0], (void *)ctx->args[1]); // expect: SizeUnbounded
}
SEC("tc") int special(struct __sk_buff *skb)
{
	u32 key = 1;
	struct guarded *value = bpf_map_lookup_elem(&locked, &key);

	if (value)
		value->lock.val = 3; // expect: SpecialField
	return 0;
}
SEC("cgroup_skb/egress") int packet_write(struct __sk_buff *skb)
{
	u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (data + 1 <= end)
		*data = 3; // expect: PacketAccess
	return 1;
}
struct pair { int a, b; };
__noinline int by_value(struct pair *p, int n)
{
	return p ? p->a + n : 0;
}
SEC("tp/syscalls/sys_enter_kill") int global_argument(struct trace_event_raw_sys_enter *ctx)
{
	return by_value((struct pair *)ctx->args[0], 3); // expect: GlobalArgument
}
__noinline int takes_record(struct pair p)
{
	return 3;
}
SEC("tp/syscalls/sys_enter_kill") int signature(struct trace_event_raw_sys_enter *ctx)
{
	struct pair p = {1, ctx->id};

	return takes_record(p); // expect: BadSignature
}
extern void bpf_task_release(struct task_struct *p) __ksym;
SEC("tp_btf/sys_enter") int kfunc_argument(u64 *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

	bpf_task_release((void *)bytes); // expect: KfuncArgument
	return 0;
}
struct {
	__uint(type, 200);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} of_the_future SEC(".maps");
SEC("tc") int not_modelled(struct __sk_buff *skb)
{
	u32 key = 0;

	return bpf_map_delete_elem(&of_the_future, &key); // expect: NotModelled
}
char LICENSE[] SEC("license") = "GPL";
