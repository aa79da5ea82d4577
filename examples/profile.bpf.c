// Where time goes: which process runs on which processor, asked 99 times a second.
//
//     spile run profile.bpf.c -c "sha256sum /bin/bash"
#include "vmlinux.h"
#include <spile_tables.h>

COUNT(samples, struct spile_comm, u32 /* processor */);

SEC("profile/99hz")
int sample(struct bpf_perf_event_data *ctx)
{
	if (pid())
		count(samples, comm(), cpu());
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
