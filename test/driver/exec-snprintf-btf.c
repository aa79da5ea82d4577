// RUN: %spile exec %s --engine=checked,interp,jit | FileCheck %s
// A value is written by its type as the kernel writes it: names, flags, what is left out, what cannot be read.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct text {
  char text[600];
  long length;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 32);
  __type(key, __u32);
  __type(value, struct text);
} texts SEC(".maps");

#define SHOW(N, TYPE, POINTER, FLAGS) show(N, bpf_core_type_id_kernel(TYPE), POINTER, FLAGS)
static __attribute__((noinline)) int show(__u32 n, __u32 type, void *pointer, __u64 flags) {
  struct btf_ptr what = {.ptr = pointer, .type_id = type};
  struct text *to = bpf_map_lookup_elem(&texts, &n);
  if (to) to->length = bpf_snprintf_btf(to->text, sizeof(to->text), &what, sizeof(what), flags);
  return 0;
}

enum { kAll = 0, kPlain = BTF_F_COMPACT | BTF_F_PTR_RAW };

struct ethhdr ethernet = {.h_dest = {2, 0, 0, 0, 0, 1}, .h_proto = 8};
struct iphdr ip = {.ihl = 5, .version = 4, .ttl = 64, .protocol = 6, .saddr = 0x100000a};
struct in6_addr address = {.in6_u = {.u6_addr8 = {0xfe, 0x80, [15] = 1}}};
struct list_head list = {.next = (void *)0x1234};
struct new_utsname name = {.sysname = "Linux", .nodename = "here\x07", .release = "6.18"};
struct bpf_insn insn = {.code = 0xb7, .dst_reg = 1, .off = -8, .imm = -2};
struct sockaddr_in6 socket = {.sin6_family = 10, .sin6_port = 80};
struct timespec64 nothing, time = {.tv_sec = -1, .tv_nsec = 5};
struct sigaction action = {.sa_flags = 4};
struct tcphdr tcp = {.doff = 5, .syn = 1};
struct cpumask cpus = {.bits = {3}};
struct sock_extended_err error = {.ee_errno = 2};
struct xdp_md md = {.data = 5};

SEC("syscall") int main_program(void *ctx) {
  SHOW(0, struct ethhdr, &ethernet, kAll);
  SHOW(1, struct ethhdr, &ethernet, BTF_F_COMPACT);
  SHOW(2, struct ethhdr, &ethernet, BTF_F_COMPACT | BTF_F_NONAME);
  SHOW(3, struct ethhdr, &ethernet, BTF_F_ZERO);
  SHOW(4, struct iphdr, &ip, kPlain);
  SHOW(5, struct in6_addr, &address, kPlain);
  SHOW(6, struct list_head, &list, kPlain | BTF_F_ZERO);
  SHOW(7, struct new_utsname, &name, kPlain);
  SHOW(8, struct bpf_insn, &insn, kAll);
  SHOW(9, struct sockaddr_in6, &socket, kPlain | BTF_F_ZERO);
  SHOW(10, struct timespec64, &nothing, kAll);
  SHOW(11, struct timespec64, &time, kAll);
  SHOW(12, struct tcphdr, &tcp, kPlain);
  SHOW(13, struct sock_extended_err, &error, kPlain);
  SHOW(14, enum bpf_map_type, &(int){2}, kPlain);
  SHOW(15, enum bpf_map_type, &(int){12345}, kPlain);
  SHOW(16, pid_t, &(int){-7}, kAll);
  SHOW(17, pid_t, &(int){0}, BTF_F_NONAME);
  SHOW(18, struct ethhdr, (void *)8, kAll);     // -ERANGE
  SHOW(19, struct ethhdr, &ethernet, 1 << 4);  // -EINVAL
  show(20, 0, &ethernet, kAll);                // -EINVAL
  show(21, 0x7fffffff, &ethernet, kAll);       // -ENOENT
  SHOW(22, struct sigaction, &action, kPlain | BTF_F_ZERO);
  SHOW(23, struct cpumask, &cpus, kPlain);
  SHOW(24, struct xdp_md, &md, kPlain);
  SHOW(25, struct ethhdr, (void *)0xffff800000000000, kAll);  // -EFAULT
  return 0;
}
// KERNEL: texts[23] = { .text = "(struct cpumask){.bits = (long unsigned int[])[
// CHECK: texts[0] = { .text = "(struct ethhdr){\n .h_dest = (unsigned char[])[\n  2,\n ],\n .h_proto = (__be16)8,\n}\n", .length = 81 }
// CHECK: texts[1] = { .text = "(struct ethhdr){.h_dest = (unsigned char[])[2,],.h_proto = (__be16)8,}", .length = 70 }
// CHECK: texts[2] = { .text = "{[2,],8,}", .length = 9 }
// CHECK: texts[3] = {{.*}} .h_source = (unsigned char[])[\n ],\n
// CHECK: texts[4] = { .text = "(struct iphdr){.ihl = (__u8)0x5,.version = (__u8)0x4,.ttl = (__u8)64,
// CHECK: texts[6] = {{.*}}.next = (struct list_head *)0x0000000000001234,.prev = (struct list_head *)0x0000000000000000,
// CHECK: texts[7] = { .text = "(struct new_utsname){.sysname = (char[])['L','i','n','u','x',],.nodename = (char[])['h','e','r','e',7,],
// CHECK: texts[14] = { .text = "(enum bpf_map_type)BPF_MAP_TYPE_ARRAY", .length = 37 }
// CHECK: texts[15] = { .text = "(enum bpf_map_type)12345", .length = 24 }
// CHECK: texts[16] = { .text = "(pid_t)-7\n", .length = 10 }
// CHECK: texts[17] = { .text = "0\n", .length = 2 }
// CHECK-NEXT: texts[18] = { .text = "", .length = -34 }
// CHECK-NEXT: texts[19] = { .text = "", .length = -22 }
// CHECK-NEXT: texts[20] = { .text = "", .length = -22 }
// CHECK-NEXT: texts[21] = { .text = "", .length = -2 }
// CHECK: texts[25] = { .text = "", .length = -14 }
char LICENSE[] SEC("license") = "GPL";
