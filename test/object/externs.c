// RUN: %spile build %s -o %t.o && llvm-readelf -s -r %t.o | FileCheck %s --check-prefix=ELF
// RUN: bpftool btf dump file %t.o | FileCheck %s --check-prefix=BTF
// REQUIRES: bpftool
// What the kernel provides is undefined in the ELF symbols, and BTF says in which section libbpf resolves it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

extern int LINUX_KERNEL_VERSION __attribute__((section(".kconfig")));
extern char CONFIG_NEW __attribute__((section(".kconfig"), weak));
extern const void bpf_prog_active __attribute__((section(".ksyms")));
extern const int runqueues __attribute__((section(".ksyms"), weak));
extern void bpf_rcu_read_lock(void) __attribute__((section(".ksyms")));
extern int bpf_newest(int a, long b) __attribute__((section(".ksyms"), weak));

SEC("tp_btf/task_newtask") int probe(u64 *ctx)
{
	u64 sum = LINUX_KERNEL_VERSION + CONFIG_NEW;

	bpf_rcu_read_lock();
	if (bpf_newest)
		sum += bpf_newest(1, 2);
	if (&runqueues)
		sum += (u64)&bpf_prog_active;
	return sum;
}
// ELF-DAG: R_BPF_64_64 {{.*}} LINUX_KERNEL_VERSION
// ELF-DAG: R_BPF_64_32 {{.*}} bpf_rcu_read_lock
// ELF-DAG: R_BPF_64_32 {{.*}} bpf_newest
// ELF-DAG: R_BPF_64_64 {{.*}} bpf_newest
// ELF-DAG: NOTYPE WEAK DEFAULT UND bpf_newest
// ELF-DAG: NOTYPE GLOBAL DEFAULT UND bpf_prog_active
// BTF-DAG: FUNC 'bpf_newest' type_id={{[0-9]+}} linkage=extern
// BTF-DAG: VAR 'bpf_prog_active' type_id={{[0-9]+}}, linkage=extern
// BTF: DATASEC '.ksyms' size=0 vlen=4
// BTF: offset=0 size=0 (FUNC 'bpf_
// BTF: offset=0 size=1 (VAR 'bpf_prog_active')
// BTF: DATASEC '.kconfig' size=0 vlen=2
