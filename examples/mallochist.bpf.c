// How much memory malloc() of the C library is asked for, as a histogram for each process.
//
//     spile run mallochist.bpf.c -c "ls /"
#include "vmlinux.h"
#include <bpf/bpf_tracing.h>
#include <spile_tables.h>

HIST(bytes, struct spile_comm);

SEC("uprobe/libc.so.6:malloc")
int BPF_UPROBE(on_malloc, size_t size)
{
	hist(bytes, size, comm());
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
