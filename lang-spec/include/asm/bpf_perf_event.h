/* Of Linux, by generate-uapi.py. */
#include <asm-generic/bpf_perf_event.h>
