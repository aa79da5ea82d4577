/* The same header in C++. */
#include <linux/types.h>
#include <cstdio>

typedef __u32 u32;
typedef __u64 u64;
struct place {
	char letter;
	u64 number;
};
#include SKELETON

int main()
{
	skeleton_bpf *probe = skeleton_bpf::open();

	if (probe)
		std::printf("opened %d %p\n", probe->data->version, static_cast<void *>(probe->progs.on_exit));
	skeleton_bpf::destroy(probe);
}
