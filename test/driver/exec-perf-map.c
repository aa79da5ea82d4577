// RUN: env JITDUMPDIR=%T sh -c '%spile exec -q %s --engine=jit --perf-map & wait $!; cat /tmp/perf-$!.map; rm /tmp/perf-$!.map' | FileCheck %s
// perf would show the JIT's code as bare addresses.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static long turn(__u32 i, __u64 *sum) { *sum += i; return 0; }

// CHECK: 0x3
// CHECK-DAG: {{^[0-9a-f]+ [0-9a-f]+}} bpf_prog_count{{$}}
// CHECK-DAG: {{^[0-9a-f]+ [0-9a-f]+}} bpf_prog_count::turn{{$}}
SEC("syscall") int count(void *ctx) {
  __u64 sum = 0;
  bpf_loop(3, turn, &sum, 0);
  return sum;
}
char _license[] SEC("license") = "GPL";
