// RUN: %python %S/Inputs/read_jitdump.py %spile exec -q %s --engine=jit --perf-map --no-cache | FileCheck %s
// RUN: rm -rf %t && mkdir %t
// RUN: env XDG_CACHE_HOME=%t %python %S/Inputs/read_jitdump.py %spile exec -q %s --engine=jit --perf-map | FileCheck %s
// RUN: env XDG_CACHE_HOME=%t %python %S/Inputs/read_jitdump.py %spile exec -q %s --engine=jit --perf-map | FileCheck %s
// RUN: env XDG_CACHE_HOME=%t %python %S/Inputs/read_jitdump.py %spile exec -q %s --engine=auto --perf-map | FileCheck %s
// RUN: %python %S/Inputs/read_jitdump.py %spile exec -q %s --engine=jit --unverified --perf-map --no-cache | FileCheck %s
// RUN: env XDG_CACHE_HOME=%t %python %S/Inputs/read_jitdump.py %spile exec -q %s --engine=jit,auto --perf-map | FileCheck %s --check-prefixes=CHECK,BOTH
// RUN: env JITDUMPDIR=%t/none %python %inputs/exits.py 3 %spile exec -q %s --engine=auto --perf-map 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: env JITDUMPDIR=%t/none %python %inputs/exits.py 3 %spile exec -q %s --engine=jit --perf-map --no-cache 2>&1 | FileCheck %s --check-prefix=NONE
// perf would show addresses of compiled code without the lines that they are of, or other lines when code comes from the cache.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct state { __u64 sum, last; };
static long turn(__u32 i, struct state *state) {
  state->sum += i;
  state->last = bpf_ktime_get_ns();
  return 0;
}

SEC("syscall") int count(void *ctx) {
  struct state state = {};
  bpf_loop(3, turn, &state, 0);
  return state.sum;
}
char _license[] SEC("license") = "GPL";

// CHECK: header 0x4a695444 1 40 True True
// CHECK-DAG: function {{[01]}} bpf_prog_count True lines {{.*}}22{{.*}} exec-jitdump.c True
// CHECK-DAG: function {{[01]}} bpf_prog_count::turn True lines {{.*}}16 17{{.*}} exec-jitdump.c True
// BOTH-DAG: function {{[23]}} bpf_prog_count True
// BOTH-DAG: function {{[23]}} bpf_prog_count::turn True
// NONE: error: cannot open {{.*}}/none/jit-{{[0-9]+}}.dump: No such file or directory
