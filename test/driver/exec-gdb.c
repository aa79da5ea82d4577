// REQUIRES: gdb
// RUN: env JITDUMPDIR=%T gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'set breakpoint pending on' -ex 'break exec-gdb.c:13' -ex run -ex 'info symbol $pc' -ex 'bt 1' -ex 'python import os; os.unlink("/tmp/perf-%%d.map" %% gdb.selected_inferior().pid)' -ex delete -ex continue --args %spile exec -q %s --engine=jit --perf-map --no-cache 2>&1 | FileCheck %s
// A debugger would stop nowhere in compiled code, and show addresses without names and lines.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct state {
  __u64 sum, last;
};
static long turn(__u32 i, struct state *state) {
  // CHECK: Breakpoint 1, bpf_prog_count::turn () at {{.*}}exec-gdb.c:13
  // CHECK: state->sum += i;
  state->sum += i;
  // CHECK: bpf_prog_count::turn + {{[0-9]+}} in section .text
  // CHECK: #0 {{.*}}bpf_prog_count::turn () at {{.*}}exec-gdb.c:13
  state->last = bpf_ktime_get_ns();
  return 0;
}

// CHECK: 0x3
// CHECK: exited normally
SEC("syscall") int count(void *ctx) {
  struct state state = {};
  bpf_loop(3, turn, &state, 0);
  return state.sum;
}
char _license[] SEC("license") = "GPL";
