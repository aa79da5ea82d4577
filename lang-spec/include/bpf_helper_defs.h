/* Sources from before libbpf 0.1 include it without the folder. */
#include <bpf/bpf_helper_defs.h>
