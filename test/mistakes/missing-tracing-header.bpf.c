// BPF_KPROBE without its header.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("kprobe/do_unlinkat")
int BPF_KPROBE(unlinked, int dfd) { // expect: *
  return dfd;
}
