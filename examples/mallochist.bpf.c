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

//@ !test sizes by powers of two, a histogram for each process
//@ +0us  uprobe:libc.so.6:malloc  pid=100 comm="cat" arg0=24 *3
//@ +1us  uprobe:libc.so.6:malloc  pid=100 comm="cat" arg0=1000
//@ +1us  uprobe:libc.so.6:malloc  pid=101 comm="ls" arg0=0
//@ !end
//@ =     out "bytes[\"cat\"]:\n"
//@ =     out "[16, 32)                3 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
//@ =     out "[32, 64)                0 |                                                    |\n"
//@ =     out "[64, 128)               0 |                                                    |\n"
//@ =     out "[128, 256)              0 |                                                    |\n"
//@ =     out "[256, 512)              0 |                                                    |\n"
//@ =     out "[512, 1K)               1 |@@@@@@@@@@@@@@@@@                                   |\n"
//@ =     out "\n"
//@ =     out "bytes[\"ls\"]:\n"
//@ =     out "[0]                     1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
//@ =     out "\n"
