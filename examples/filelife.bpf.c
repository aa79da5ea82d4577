// Files that live shortly: how long after its creation a file was deleted, by whom.
//
//     spile run filelife.bpf.c -c "sh -c 'echo > /tmp/short; rm /tmp/short'"
#include "vmlinux.h"
#include <spile_tables.h>
#include <spile_contexts.h>

#define O_CREAT 0100

struct file_name {
	char text[104];
};

SCRATCH(created, u64 /* when */, struct file_name);

SEC("tracepoint/syscalls/sys_enter_openat")
int opens(struct sys_enter_openat *ctx)
{
	struct file_name path = {};
	u64 now = nsecs();

	if (!(ctx->flags & O_CREAT))
		return 0;
	bpf_probe_read_user_str(&path, sizeof(path), ctx->filename);
	bpf_map_update_elem(&created, &path, &now, BPF_ANY);
	return 0;
}

static __always_inline int deleted(const char *name)
{
	struct file_name path = {};
	u64 *when;

	bpf_probe_read_user_str(&path, sizeof(path), name);
	when = bpf_map_lookup_elem(&created, &path);
	if (!when)
		return 0;
	printf("%-7d %-12s %7llu us %s\n", pid(), comm(), (nsecs() - *when) / 1000, path.text);
	bpf_map_delete_elem(&created, &path);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_unlinkat")
int unlinks_at(struct sys_enter_unlinkat *ctx)
{
	return deleted(ctx->pathname);
}

SEC("tracepoint/syscalls/sys_enter_unlink")
int unlinks(struct sys_enter_unlink *ctx)
{
	return deleted(ctx->pathname);
}

char LICENSE[] SEC("license") = "GPL";

//@ +1ms    tracepoint:syscalls:sys_enter_openat    pid=100 comm="sh" filename="/tmp/a" flags=O_CREAT|O_WRONLY
//@ +1ms    tracepoint:syscalls:sys_enter_openat    pid=100 comm="sh" filename="/tmp/b" flags=O_RDONLY
//@ +250us  tracepoint:syscalls:sys_enter_unlinkat  pid=101 comm="rm" pathname="/tmp/a"
//@ +1us    tracepoint:syscalls:sys_enter_unlink    pid=101 comm="rm" pathname="/tmp/b"
//@ =       out "101     rm              1250 us /tmp/a\n"
//@ =       elements created == 0
