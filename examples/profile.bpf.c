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

//@ !test who runs where; the processors that nothing runs on do not count
//@ +10ms  profile:99hz  pid=100 comm="sha256sum" cpu=1 *3
//@ +10ms  profile:99hz  pid=101 comm="cat"
//@ +10ms  profile:99hz
//@ !end
//@ =     out "samples[\"sha256sum\", 1] = 3\n"
//@ =     out "samples[\"cat\", 0] = 1\n"
