// RUN: not %spile check %s 2>&1 | FileCheck %s
// RUN: not %spile check -DVMLINUX %s 2>&1 | FileCheck %s --check-prefix=VMLINUX
// Without it, who left out a header, or has vmlinux.h in place of the C headers, would not be told where a name comes from, or be told of another that looks alike.
#ifdef VMLINUX
#include "vmlinux.h"
#endif
#include <bpf/bpf_helpers.h>

SEC("raw_tp/sched_switch")
int names(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct iphdr *ip = ctx;
	int family = AF_INET;
	// CHECK: `AF_INET` is not declared
	// CHECK: hint: `#include <sys/socket.h>` defines it
	// VMLINUX: `AF_INET` is not declared
	// VMLINUX: hint: it is a macro of the C headers, which vmlinux.h does not have: `#define AF_INET 2`
	int proto = IPPROTO_TCP;
	// CHECK: hint: `#include <linux/in.h>` or `"vmlinux.h"` defines it
	int type = ETH_P_IP;
	// CHECK: hint: `#include <linux/if_ether.h>` defines it
	// VMLINUX: `#define ETH_P_IP 0x0800`
	unsigned long long most = UINT64_MAX;
	// CHECK: hint: `#include <stdint.h>` defines it
	// VMLINUX: `UINT64_MAX` is not declared
	// VMLINUX: hint: `#include <stdint.h>` defines it
	int none = NONE_SUCH_AS_THIS;
	// CHECK: `NONE_SUCH_AS_THIS` is not declared
	// CHECK-NOT: hint
	char comm[TASK_COMM_LEN];
	// CHECK: `TASK_COMM_LEN` is not declared
	// CHECK: hint: `#include "vmlinux.h"` defines it
	return task->pid + sizeof(*ip);
	// CHECK: incomplete type `struct task_struct`
	// CHECK: hint: it is the kernel's: `#include "vmlinux.h"` defines it
	// CHECK: incomplete type `struct iphdr`
	// CHECK: hint: `#include <linux/ip.h>` defines it, and so does `"vmlinux.h"`
}

char LICENSE[] SEC("license") = "GPL";
