/* The old place of the helpers' header, as sources from before libbpf 0.1 include it. */
#include <bpf/bpf_helpers.h>
