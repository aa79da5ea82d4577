// RUN: %python %inputs/exits.py 1 %spile check %s 2>&1 | FileCheck %s --check-prefix=TRIED
// RUN: not %spile run %s -c true 2>&1 | FileCheck %s --check-prefix=RAN
// RUN: %clang-bpf -c %s -o %t.o && %python %inputs/exits.py 1 %spile check %t.o 2>&1 | FileCheck %s --check-prefix=WORDS
// REQUIRES: clang
// Without it, an edit that was not tried would be told as one: in front of the branch, where both ways give it back.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct ctx {
  unsigned long long common;
  long id;
  unsigned long args[6];
};
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} events SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_read")
int probe(struct ctx *ctx) {
  long *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
  if (!e)
    return 0;
  *e = ctx->id;
  // TRIED: hint: add `bpf_ringbuf_discard(e, 0);` before line [[@LINE+5]], with braces around both (tried: it passes; `--fix=apply` writes it)
  // RAN: hint: add `bpf_ringbuf_discard(e, 0);` before line [[@LINE+4]], with braces around both (tried: it passes; `spile check --fix=apply` writes it)
  // WORDS: [[@LINE+2]]:{{[0-9]+}}: error: `e` is not given back on this path [ReferenceLeak]
  // WORDS: hint: give it back, by `bpf_ringbuf_discard()`, before the path leaves the function in line [[@LINE+1]]
  if (ctx->args[0] == 3)
    return 0;
  bpf_ringbuf_submit(e, 0);
  return 0;
}
char LICENSE[] SEC("license") = "GPL";
