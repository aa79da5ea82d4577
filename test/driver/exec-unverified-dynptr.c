// RUN: %spile exec -q %s --unverified --prog overlap --repeat 3 | FileCheck %s --check-prefix=OVERLAP
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog past 2>&1 | FileCheck %s --check-prefix=PAST
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog gone 2>&1 | FileCheck %s --check-prefix=GONE
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog cloned 2>&1 | FileCheck %s --check-prefix=CLONED
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog no_record 2>&1 | FileCheck %s --check-prefix=RECORD
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog of_stack 2>&1 | FileCheck %s --check-prefix=STACK
// RUN: %spile exec -q %s --unverified --engine=jit --prog overlap --repeat 3 | FileCheck %s --check-prefix=OVERLAP
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=jit --prog past 2>&1 | FileCheck %s --check-prefix=PAST
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=jit --prog gone 2>&1 | FileCheck %s --check-prefix=GONE
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=jit --prog cloned 2>&1 | FileCheck %s --check-prefix=CLONED
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=jit --prog no_record 2>&1 | FileCheck %s --check-prefix=RECORD
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=jit --prog of_stack 2>&1 | FileCheck %s --check-prefix=STACK
// Memory of a dynptr could be lost to a correct program, or stay within reach of one when it is another's already.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern int bpf_dynptr_clone(const struct bpf_dynptr *from, struct bpf_dynptr *to) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *from, __u32 at, void *buffer, __u32 size) __ksym;

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} ring SEC(".maps");
__u64 global;

// Parts that overlap are one after the other found, whichever came first: read-only ones, too.
// OVERLAP: 0x7
SEC("syscall") int overlap(void *ctx) {
  struct bpf_dynptr record;
  int result = 0;
  bpf_ringbuf_reserve_dynptr(&ring, 48, 0, &record);
  unsigned char *one = bpf_dynptr_data(&record, 1, 1), *all = bpf_dynptr_slice(&record, 0, 0, 32);
  unsigned char *later = bpf_dynptr_data(&record, 24, 16);
  if (one && all && later) {
    *(volatile unsigned char *)one = 3;
    *(volatile unsigned char *)&later[0] = 4;
    *(volatile unsigned char *)&later[15] = 1;
    result = all[1] + all[24] + all[31];
  }
  bpf_ringbuf_submit_dynptr(&record, 0);
  return result;
}

// PAST: error: reads 1 byte at 0x{{[0-9a-f]+}}: right behind the memory of a dynptr, which has 32 bytes [OutsideMemory]
SEC("syscall") int past(void *ctx) {
  struct bpf_dynptr record;
  bpf_ringbuf_reserve_dynptr(&ring, 48, 0, &record);
  bpf_dynptr_data(&record, 1, 1);
  return ((unsigned char *)bpf_dynptr_data(&record, 0, 32))[32];
}

// GONE: exec-unverified-dynptr.c:[[#@LINE+6]]:{{[0-9]+}}: error: reads 1 byte at 0x{{[0-9a-f]+}}: {{.*}}[OutsideMemory]
SEC("syscall") int gone(void *ctx) {
  struct bpf_dynptr record;
  bpf_ringbuf_reserve_dynptr(&ring, 48, 0, &record);
  unsigned char *all = bpf_dynptr_data(&record, 0, 32);
  bpf_ringbuf_submit_dynptr(&record, 0);
  return all[1];
}

// CLONED: error: argument 1 of `bpf_ringbuf_submit_dynptr` must be a dynptr that a helper has made, but is
SEC("syscall") int cloned(void *ctx) {
  struct bpf_dynptr record, clone;
  bpf_ringbuf_reserve_dynptr(&ring, 48, 0, &record);
  bpf_dynptr_clone(&record, &clone);
  bpf_ringbuf_submit_dynptr(&record, 0);
  bpf_ringbuf_submit_dynptr(&clone, 0);
  return 0;
}

// RECORD: error: argument 1 of `bpf_ringbuf_submit_dynptr` must be a dynptr of a record that is reserved, but is
SEC("syscall") int no_record(void *ctx) {
  struct bpf_dynptr local;
  bpf_dynptr_from_mem(&global, sizeof global, 0, &local);
  bpf_ringbuf_submit_dynptr(&local, 0);
  return 0;
}

// STACK: error: argument 1 of `bpf_dynptr_from_mem` must be in a map's value, but is
SEC("syscall") int of_stack(void *ctx) {
  struct bpf_dynptr local;
  __u64 here[4] = {};
  return bpf_dynptr_from_mem(here, sizeof here, 0, &local);
}
char _license[] SEC("license") = "GPL";
