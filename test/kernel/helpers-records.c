// REQUIRES: bpf
// RUN: %python %S/Inputs/agree.py %spile %s --net %S/Inputs/loopback.net --packet %examples/dnsonly.pcap#2
// Records, queues and dynptrs have the kernel's room and errors.
#include "Inputs/agree.c"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} user_ring SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 2);
	__type(value, __u64);
} queue SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 2);
	__type(value, __u64);
} stack SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 64);
	__type(value, __u64);
	__uint(map_extra, 3);
} bloom SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} per_cpu SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4);
} perf SEC(".maps");

SEC("tc") int reserved(struct __sk_buff *skb)
{
	__u64 *r = bpf_ringbuf_reserve(&ring, 8, 1);
	tell(0, !!r);
	if (r)
		bpf_ringbuf_discard(r, 0);
	r = bpf_ringbuf_reserve(&ring, 24, 0);
	tell(1, !!r);
	tell(2, bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA));
	tell(3, bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE));
	tell(4, bpf_ringbuf_query(&ring, BPF_RB_CONS_POS));
	tell(5, bpf_ringbuf_query(&ring, BPF_RB_PROD_POS));
	tell(6, bpf_ringbuf_query(&ring, 9));
	if (r)
		bpf_ringbuf_submit(r, 0);
	r = bpf_ringbuf_reserve(&ring, 4096, 0);
	tell(7, !!r);
	if (r)
		bpf_ringbuf_discard(r, 0);
	r = bpf_ringbuf_reserve(&ring, 4080, 0);
	tell(8, !!r);
	if (r)
		bpf_ringbuf_discard(r, 0);
	r = bpf_ringbuf_reserve(&ring, 4000, 0);
	tell(9, !!r);
	if (r)
		bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);
	tell(10, bpf_ringbuf_query(&ring, BPF_RB_PROD_POS));
	__u64 value = 5;
	tell(11, bpf_ringbuf_output(&ring, &value, sizeof(value), 0));
	tell(12, bpf_ringbuf_output(&ring, &value, sizeof(value), 8));
	tell(13, bpf_ringbuf_output(&ring, &value, 3, BPF_RB_FORCE_WAKEUP));
	for (int i = 0; i < 8; i++)
		tell(14 + i, bpf_ringbuf_output(&ring, &value, sizeof(value), 0));
	tell(30, bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA));
	return 0;
}

SEC("tc") int dynptrs(struct __sk_buff *skb)
{
	struct bpf_dynptr d;
	__u8 bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	long e = bpf_ringbuf_reserve_dynptr(&ring, 20, 0, &d);
	tell(0, e);
	tell(1, bpf_dynptr_write(&d, 4, bytes, 8, 0));
	tell(2, bpf_dynptr_write(&d, 16, bytes, 8, 0));
	tell(3, bpf_dynptr_write(&d, 0, bytes, 8, 1));
	tell(4, bpf_dynptr_write(&d, -1, bytes, 8, 0));
	__builtin_memset(bytes, 9, sizeof(bytes));
	tell(5, bpf_dynptr_read(bytes, 4, &d, 6, 0));
	tell_bytes(6, bytes, sizeof(bytes));
	tell(7, bpf_dynptr_read(bytes, 16, &d, 8, 0));
	tell_bytes(8, bytes, sizeof(bytes));
	tell(9, bpf_dynptr_read(bytes, 4, &d, 0, 1));
	tell(10, !!bpf_dynptr_data(&d, 0, 20));
	tell(11, !!bpf_dynptr_data(&d, 4, 20));
	tell(12, !!bpf_dynptr_data(&d, 19, 1));
	bpf_ringbuf_submit_dynptr(&d, 0);
	tell(13, bpf_ringbuf_reserve_dynptr(&ring, 5000, 0, &d));
	tell(14, bpf_dynptr_write(&d, 0, bytes, 1, 0));
	tell(15, bpf_dynptr_read(bytes, 1, &d, 0, 0));
	tell(16, !!bpf_dynptr_data(&d, 0, 1));
	bpf_ringbuf_discard_dynptr(&d, 0);
	tell(17, bpf_ringbuf_reserve_dynptr(&ring, 8, 2, &d));
	bpf_ringbuf_discard_dynptr(&d, 0);
	tell(18, bpf_ringbuf_reserve_dynptr(&ring, 1 << 24, 0, &d));
	bpf_ringbuf_submit_dynptr(&d, 0);
	tell(19, bpf_ringbuf_query(&ring, BPF_RB_PROD_POS));
	return 0;
}

SEC("tc") int local_dynptr(struct __sk_buff *skb)
{
	struct bpf_dynptr d;
	__u32 zero = 0;
	__u8 bytes[8] = { 1, 2, 3 };
	__u64 *value = bpf_map_lookup_elem(&per_cpu, &zero);
	if (!value)
		return 1;
	tell(0, bpf_dynptr_from_mem(value, 8, 0, &d));
	tell(1, bpf_dynptr_write(&d, 1, bytes, 3, 0));
	tell(2, bpf_dynptr_write(&d, 6, bytes, 3, 0));
	tell(3, bpf_dynptr_write(&d, 0, bytes, 3, BPF_F_RECOMPUTE_CSUM));
	tell(4, *value);
	tell(5, !!bpf_dynptr_data(&d, 8, 0));
	tell(6, bpf_dynptr_from_mem(value, 8, 1, &d));
	tell(7, bpf_dynptr_read(bytes, 1, &d, 0, 0));
	return 0;
}

static long drained(struct bpf_dynptr *d, void *ctx)
{
	return 0;
}
SEC("tc") int drain(struct __sk_buff *skb)
{
	tell(0, bpf_user_ringbuf_drain(&user_ring, drained, 0, 0));
	tell(1, bpf_user_ringbuf_drain(&user_ring, drained, 0, 4));
	tell(2, bpf_user_ringbuf_drain(&user_ring, drained, 0, BPF_RB_NO_WAKEUP));
	return 0;
}

SEC("tc") int queued(struct __sk_buff *skb)
{
	__u64 v = 99;
	__u32 first = 0, beyond = 1;
	tell(30, bpf_map_delete_elem(&per_cpu, &first));
	tell(31, bpf_map_delete_elem(&per_cpu, &beyond));
	tell(0, bpf_map_pop_elem(&queue, &v));
	tell(1, v);
	v = 99;
	tell(2, bpf_map_peek_elem(&stack, &v));
	tell(3, v);
	for (int i = 0; i < 3; i++) {
		v = i + 1;
		tell(4 + i, bpf_map_push_elem(&queue, &v, 0));
		tell(7 + i, bpf_map_push_elem(&stack, &v, BPF_ANY));
	}
	v = 7;
	tell(10, bpf_map_push_elem(&queue, &v, BPF_EXIST));
	tell(11, bpf_map_push_elem(&stack, &v, BPF_EXIST));
	tell(12, bpf_map_push_elem(&stack, &v, BPF_NOEXIST));
	tell(13, bpf_map_push_elem(&stack, &v, 8));
	tell(14, bpf_map_peek_elem(&queue, &v));
	tell(15, v);
	tell(16, bpf_map_pop_elem(&queue, &v));
	tell(17, v);
	tell(18, bpf_map_peek_elem(&stack, &v));
	tell(19, v);
	tell(20, bpf_map_pop_elem(&stack, &v));
	tell(21, v);
	v = 5;
	tell(22, bpf_map_peek_elem(&bloom, &v));
	tell(23, bpf_map_push_elem(&bloom, &v, BPF_ANY));
	tell(24, bpf_map_peek_elem(&bloom, &v));
	tell(25, bpf_map_push_elem(&bloom, &v, BPF_NOEXIST));
	tell(26, bpf_map_push_elem(&bloom, &v, BPF_EXIST));
	return 0;
}

SEC("tc") int of_cpus(struct __sk_buff *skb)
{
	__u32 zero = 0, one = 1;
	__u64 *here = bpf_map_lookup_elem(&per_cpu, &zero);
	__u64 *first = bpf_map_lookup_percpu_elem(&per_cpu, &zero, 0);
	tell(0, !!first);
	tell(1, here == first);
	tell(2, !!bpf_map_lookup_percpu_elem(&per_cpu, &one, 0));
	tell(3, !!bpf_map_lookup_percpu_elem(&per_cpu, &zero, 100000));
	tell(4, bpf_get_smp_processor_id());
	tell(5, bpf_get_numa_node_id());
	return 0;
}

SEC("raw_tp") int counters(void *ctx)
{
	struct bpf_perf_event_value value = { 5, 6, 7 };
	__u64 branches[3] = { 1, 2, 3 };
	tell(0, bpf_perf_event_read(&perf, 0));
	tell(1, bpf_perf_event_read(&perf, 1));
	tell(2, bpf_perf_event_read(&perf, 1ull << 32));
	tell(3, bpf_perf_event_read_value(&perf, 0, &value, sizeof(value)));
	tell_bytes(4, &value, sizeof(value));
	value.counter = 5;
	tell(5, bpf_perf_event_read_value(&perf, BPF_F_CURRENT_CPU, &value, sizeof(value)));
	tell(6, bpf_perf_event_read_value(&perf, 7, &value, sizeof(value)));
	tell(7, bpf_perf_event_read_value(&perf, 0, &value, 16));
	tell(8, bpf_perf_event_read_value(&perf, 1ull << 40, &value, sizeof(value)));
	tell(9, bpf_get_branch_snapshot(branches, sizeof(branches), 1));
	return 0;
}

SEC("tc") int events(struct __sk_buff *skb)
{
	__u64 value = 5;
	tell(1, bpf_perf_event_output(skb, &perf, 1, &value, 8));
	tell(3, bpf_perf_event_output(skb, &perf, 1ull << 60, &value, 8));
	tell(4, bpf_perf_event_output(skb, &perf, 5000ull << 32, &value, 8));
	return 0;
}
