#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("tp/syscalls/sys_enter_kill")
int on_kill(void *ctx)
{
	return bpf_send_signal(10);
}

char LICENSE[] SEC("license") = "GPL";
