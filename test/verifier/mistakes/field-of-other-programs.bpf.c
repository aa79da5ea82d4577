// A member of the context is not for programs of this type.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tc")
int probe(struct __sk_buff *skb) {
#ifdef MENDED
  return skb->hash == 1;
#else
  return skb->local_ip4 == 1;  // expect: ContextBounds
#endif
}
