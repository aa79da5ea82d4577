// REQUIRES: bpf
// RUN: %python %S/Inputs/agree.py %spile %s --net %S/Inputs/loopback.net --packet %examples/dnsonly.pcap#2
// Questions about the task, its memory and its storage, timers, loops and clocks have the kernel's answers and errors.
#include "Inputs/agree.c"

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 2);
} groups SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16);
	__uint(key_size, 4);
	__uint(value_size, 16 * 8);
} stacks SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} of_task SEC(".maps");
struct counted {
	__u64 packets;
};
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, struct counted);
} of_group SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, struct counted);
} of_group_by_cpu SEC(".maps");
struct holder {
	struct bpf_timer timer;
	__u64 value;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct holder);
} timers SEC(".maps");
struct locked {
	struct bpf_spin_lock lock;
	__u32 value;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct locked);
} locks SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} calls SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} some SEC(".maps");

SEC("raw_tp") int who(void *ctx)
{
	struct bpf_pidns_info ns = { 5, 6 };
	char comm[4] = "xxx";
	tell(0, bpf_current_task_under_cgroup(&groups, 0));
	tell(1, bpf_current_task_under_cgroup(&groups, 2));
	tell(2, bpf_get_current_ancestor_cgroup_id(0));
	tell(3, bpf_get_current_ancestor_cgroup_id(100));
	tell(4, bpf_get_current_ancestor_cgroup_id(-1));
	tell(5, bpf_get_ns_current_pid_tgid(1, 2, &ns, sizeof(ns)));
	tell(6, ns.pid + ns.tgid);
	ns.pid = 5;
	tell(7, bpf_get_ns_current_pid_tgid(1, 2, &ns, 4));
	tell(8, ns.pid);
	tell(9, bpf_send_signal(65));
	tell(10, bpf_send_signal_thread(-1));
	tell(11, bpf_get_current_comm(comm, sizeof(comm)));
	tell(12, comm[3]);
	tell(13, bpf_get_attach_cookie(ctx));
	tell(14, bpf_get_current_task() != 0);
	tell(15, bpf_get_current_task() == (__u64)bpf_get_current_task_btf());
	tell(16, bpf_get_current_uid_gid());
	return 0;
}

SEC("syscall") int copied(void *ctx)
{
	char to[8] = "xxxxxxx";
	static const char task[] = "task_struct", none[] = "no_such_structure";
	tell(0, bpf_copy_from_user(to, sizeof(to), 0));
	tell_bytes(1, to, sizeof(to));
	__builtin_memset(to, 'x', sizeof(to));
	tell(2, bpf_copy_from_user_task(to, sizeof(to), 0, bpf_get_current_task_btf(), 0));
	tell_bytes(3, to, sizeof(to));
	__builtin_memset(to, 'x', sizeof(to));
	tell(4, bpf_copy_from_user_task(to, sizeof(to), 0, bpf_get_current_task_btf(), 1));
	tell_bytes(5, to, sizeof(to));
	tell(6, bpf_copy_from_user(to, 0, 0));
	tell(7, bpf_btf_find_by_name_kind((char *)none, sizeof(none), 4, 0) );
	tell(8, bpf_btf_find_by_name_kind((char *)task, sizeof(task), 4, 1));
	tell(9, bpf_btf_find_by_name_kind((char *)task, 4, 4, 0));
	return 0;
}

SEC("cgroup_skb/egress") int grouped(struct __sk_buff *skb)
{
	struct counted *own = bpf_get_local_storage(&of_group, 0);
	tell(0, own->packets);
	own->packets += 5;
	tell(1, own->packets);
	tell(2, bpf_skb_ancestor_cgroup_id(skb, 0));
	tell(3, bpf_skb_ancestor_cgroup_id(skb, 100));
	tell(4, bpf_skb_cgroup_id(skb));
	return 1;
}

SEC("cgroup_skb/egress") int grouped_by_cpu(struct __sk_buff *skb)
{
	struct counted *own = bpf_get_local_storage(&of_group_by_cpu, 0);
	tell(0, own->packets);
	own->packets += 7;
	tell(1, own->packets);
	return 1;
}

SEC("raw_tp") int stacked(void *ctx)
{
	__u64 frames[4] = { 1, 2, 3, 4 };
	tell(0, bpf_get_stackid(ctx, &stacks, 1 << 12));
	tell(1, bpf_get_stack(ctx, frames, 12, BPF_F_USER_STACK));
	tell(2, frames[0] | frames[1]);
	tell(3, bpf_get_stack(ctx, frames, 8, 1 << 13));
	tell(4, bpf_get_stack(ctx, frames, 8, BPF_F_USER_BUILD_ID));
	return 0;
}

SEC("raw_tp") int memory(void *ctx)
{
	char from[8] = "abcdefg", to[8] = "xxxxxxx", full[4] = { 'a', 'b', 'c', 'd' };
	tell(0, bpf_probe_read_kernel(to, 4, from));
	tell_bytes(1, to, 8);
	tell(2, bpf_probe_read_kernel(to, 8, 0));
	tell_bytes(3, to, 8);
	tell(4, bpf_probe_read_kernel_str(to, 8, from));
	tell_bytes(5, to, 8);
	tell(6, bpf_probe_read_kernel_str(to, 4, from));
	tell_bytes(7, to, 4);
	tell(8, bpf_probe_read_kernel_str(to, 1, from));
	tell(9, bpf_probe_read_kernel_str(to, 8, 0));
	tell_bytes(10, to, 8);
	tell(11, bpf_probe_read_kernel(to, 0, from));
	tell(12, bpf_probe_read_kernel_str(to, 0, from));
	tell(13, bpf_probe_read_user(to, 8, (void *)8));
	tell_bytes(14, to, 8);
	tell(15, bpf_probe_read_user_str(to, 8, (void *)8));
	tell(16, bpf_probe_read(to, 3, from));
	tell(17, bpf_probe_read_str(to, 3, from));
	tell_bytes(18, to, 3);
	tell(19, bpf_probe_read_kernel_str(to, 3, full));
	tell(20, bpf_probe_read_kernel(to, 8, (void *)0xdead000000000000));
	return 0;
}

SEC("raw_tp") int storage(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 first = 5, *value = bpf_task_storage_get(&of_task, task, 0, 0);
	tell(0, !!value);
	value = bpf_task_storage_get(&of_task, task, &first, 0);
	tell(1, !!value);
	value = bpf_task_storage_get(&of_task, task, &first, BPF_LOCAL_STORAGE_GET_F_CREATE);
	tell(2, value ? *value : -1);
	if (value)
		*value += 2;
	value = bpf_task_storage_get(&of_task, task, &first, BPF_LOCAL_STORAGE_GET_F_CREATE);
	tell(3, value ? *value : -1);
	value = bpf_task_storage_get(&of_task, task, 0, 2);
	tell(4, !!value);
	value = bpf_task_storage_get(&of_task, task, 0, 3);
	tell(5, !!value);
	value = bpf_task_storage_get(&of_task, 0, 0, 1);
	tell(6, !!value);
	tell(7, bpf_task_storage_delete(&of_task, task));
	tell(8, bpf_task_storage_delete(&of_task, task));
	tell(9, bpf_task_storage_delete(&of_task, 0));
	value = bpf_task_storage_get(&of_task, task, 0, 1);
	tell(10, value ? *value : -1);
	return 0;
}

static int rang(void *map, int *key, struct holder *held)
{
	return 0;
}
SEC("tc") int timed(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct holder *held = bpf_map_lookup_elem(&timers, &zero);
	if (!held)
		return 1;
	tell(0, bpf_timer_start(&held->timer, 1000000000, 0));
	tell(1, bpf_timer_set_callback(&held->timer, rang));
	tell(2, bpf_timer_cancel(&held->timer));
	tell(3, bpf_timer_init(&held->timer, &timers, 5));
	tell(4, bpf_timer_init(&held->timer, &timers, 1));
	tell(5, bpf_timer_init(&held->timer, &timers, 1));
	tell(6, bpf_timer_start(&held->timer, 1000000000, 0));
	tell(7, bpf_timer_cancel(&held->timer));
	tell(8, bpf_timer_set_callback(&held->timer, rang));
	tell(9, bpf_timer_start(&held->timer, 1000000000, 8));
	tell(10, bpf_timer_start(&held->timer, 1000000000000, 0));
	tell(11, bpf_timer_cancel(&held->timer));
	tell(12, bpf_timer_cancel(&held->timer));
	tell(13, bpf_timer_start(&held->timer, 1000000000, 0));
	return 0;
}

SEC("tc") int lock(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct locked *held = bpf_map_lookup_elem(&locks, &zero), update = { .value = 9 };
	if (!held)
		return 1;
	bpf_spin_lock(&held->lock);
	held->value = 5;
	bpf_spin_unlock(&held->lock);
	tell(0, held->value);
	tell(1, bpf_map_update_elem(&locks, &zero, &update, BPF_F_LOCK));
	tell(2, held->value);
	tell(3, bpf_map_update_elem(&locks, &zero, &update, BPF_F_LOCK | BPF_NOEXIST));
	tell(4, bpf_map_update_elem(&some, &zero, &update, BPF_F_LOCK));
	return 0;
}

SEC("tc") int jumped(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &calls, 0);
	bpf_tail_call(skb, &calls, 2);
	tell(0, 1);
	return 7;
}

static long seen(struct bpf_map *map, __u32 *key, __u64 *value, __u64 *sum)
{
	*sum += *value + *key;
	return *sum > 100;
}
static long turn(__u32 i, __u64 *sum)
{
	*sum += i;
	return i == 7;
}
SEC("tc") int visited(struct __sk_buff *skb)
{
	__u64 sum = 0, v = 10;
	tell(0, bpf_for_each_map_elem(&some, seen, &sum, 0));
	for (__u32 i = 0; i < 3; i++, v += 10)
		bpf_map_update_elem(&some, &i, &v, 0);
	tell(1, bpf_for_each_map_elem(&some, seen, &sum, 0));
	tell(2, sum);
	tell(3, bpf_for_each_map_elem(&some, seen, &sum, 1));
	tell(4, bpf_for_each_map_elem(&answers, seen, &sum, 1));
	sum = 0;
	tell(5, bpf_loop(5, turn, &sum, 0));
	tell(6, sum);
	tell(7, bpf_loop(50, turn, &sum, 0));
	tell(8, bpf_loop(0, turn, &sum, 0));
	tell(9, bpf_loop(5, turn, &sum, 1));
	tell(10, bpf_loop((1 << 23) + 1, turn, &sum, 0));
	tell(11, bpf_loop(-1, turn, &sum, 0));
	return 0;
}

/* what a clock says differs; how its answers lie does not */
SEC("tc") int clocks(struct __sk_buff *skb)
{
	__u64 a = bpf_ktime_get_ns(), b = bpf_ktime_get_ns();
	tell(0, b > a);
	tell(1, bpf_ktime_get_boot_ns() >= b);
	tell(2, bpf_ktime_get_tai_ns() != 0);
	tell(3, bpf_ktime_get_coarse_ns() != 0);
	tell(4, bpf_jiffies64() > 0);
	tell(5, (__u64)bpf_get_prandom_u32() >> 32);
	return 0;
}
