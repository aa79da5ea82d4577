/* Of Linux, by generate-uapi.py: the whole of its text, however long, without comments. */
#ifndef __ASM_GENERIC_BPF_PERF_EVENT_H__
#define __ASM_GENERIC_BPF_PERF_EVENT_H__
#include <linux/ptrace.h>
typedef struct pt_regs bpf_user_pt_regs_t;
#endif
