// Programs of today with the real headers of libbpf and the kernel; compared with clang -E by test/unit/pp/clang_test.cpp.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, int); __uint(max_entries, 1); } m SEC(".maps");
SEC("xdp") int p(struct xdp_md *c) { bpf_printk("x %d", 1); bpf_printk("x %d %d %d %d", 1,2,3,4); return XDP_PASS; }
SEC("fentry/x") int BPF_PROG(foo, int a, long b) { return a + b; }
struct task { int pid; struct task *parent; } __attribute__((preserve_access_index));
SEC("kprobe/x") int BPF_KPROBE(bar, struct task *t) { int x = BPF_CORE_READ(t, parent, parent, pid); return bpf_core_field_exists(t->pid) + x; }
