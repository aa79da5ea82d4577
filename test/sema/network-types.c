// RUN: %spile build -idirafter /usr/include/x86_64-linux-gnu -idirafter /usr/include %s -o %t.o
// With the system's <stdint.h>, which says that the C library is glibc, linux/in.h left its types to netinet/in.h, which
// has them from there.
#include <linux/bpf.h>
#include <stdint.h>
#include <bpf/bpf_helpers.h>
#include <netinet/in.h>
#include <net/if.h>
SEC("cgroup/connect4") int to_v4(struct bpf_sock_addr *ctx) {
  struct sockaddr_in to = {.sin_family = AF_INET};
  return bpf_bind(ctx, (struct sockaddr *)&to, sizeof to) == 0 || ctx->protocol == IPPROTO_TCP || IFNAMSIZ == 15;
}
char _license[] SEC("license") = "GPL";
