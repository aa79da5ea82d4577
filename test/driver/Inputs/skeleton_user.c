/* Opens, sets, loads, attaches, and reads what the program has counted of this process. */
#include <linux/types.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef __u32 u32;
typedef __u64 u64;
struct place {
	char letter;
	u64 number;
};
#include SKELETON

int main(void)
{
	struct skeleton_bpf *probe = skeleton_bpf__open();
	u64 counted = 0;
	u32 key = 0;
	size_t size;

	if (!probe)
		return 1;
	printf("opened: %d %s, %d bytes\n", probe->data->version, (const char *)probe->rodata->name,
	       skeleton_bpf__elf_bytes(&size) != NULL && size > 1000);
	probe->rodata->wanted = getpid();
	probe->rodata->wanted_call = SYS_getpgid;
	if (skeleton_bpf__load(probe) || skeleton_bpf__attach(probe))
		return 2;
	probe->data->version = 8;
	for (int i = 0; i < 5; i++)
		syscall(SYS_getpgid, 0);
	skeleton_bpf__detach(probe);
	syscall(SYS_getpgid, 0);
	bpf_map__lookup_elem(probe->maps.one, &key, sizeof(key), &counted, sizeof(counted), 0);
	printf("calls %llu, counted %llu, last %c %llu, table %d, flag %d\n", probe->bss->calls, counted,
	       probe->bss->last.letter, probe->bss->last.number, probe->bss->table[1][2], probe->bss->flag);
	skeleton_bpf__destroy(probe);
	return 0;
}
