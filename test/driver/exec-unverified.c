// RUN: %spile exec -q %s --unverified --prog good --packet %examples/dnsonly.pcap#2 | FileCheck %s --check-prefix=GOOD
// RUN: %spile exec -q %s --unverified --prog globals --mem 0500000000000000 --repeat 2 | FileCheck %s --check-prefix=GLOBALS
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog missing_check --packet 0000000000000000000000000800 2>&1 | FileCheck %s --check-prefix=NULL
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog past_value --packet 0000000000000000000000000800 2>&1 | FileCheck %s --check-prefix=VALUE
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog past_packet --packet 0000000000000000000000000800 2>&1 | FileCheck %s --check-prefix=PACKET
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog past_record 2>&1 | FileCheck %s --check-prefix=RECORD
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog twice 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog constant 2>&1 | FileCheck %s --check-prefix=CONSTANT
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog short_key 2>&1 | FileCheck %s --check-prefix=KEY
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog wrong_map 2>&1 | FileCheck %s --check-prefix=MAP
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog no_map 2>&1 | FileCheck %s --check-prefix=NOMAP
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog locked 2>&1 | FileCheck %s --check-prefix=LOCKED
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog endless --fuel 5000 2>&1 | FileCheck %s --check-prefix=FUEL
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog called_back 2>&1 | FileCheck %s --check-prefix=CALLBACK
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog made_up 2>&1 | FileCheck %s --check-prefix=DYNPTR
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog moved --packet 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 2>&1 | FileCheck %s --check-prefix=MOVED
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog stale_record 2>&1 | FileCheck %s --check-prefix=STALE
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --prog left_frame 2>&1 | FileCheck %s --check-prefix=FRAME
// RUN: %spile exec -q %s --unverified --engine=checked,jit --prog good --packet %examples/dnsonly.pcap#2 | FileCheck %s --check-prefix=GOOD
// RUN: %spile exec -q %s --unverified --engine=checked,jit --prog globals --mem 0500000000000000 --repeat 2 | FileCheck %s --check-prefix=GLOBALS
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=checked,jit --prog missing_check --packet 0000000000000000000000000800 2>&1 | FileCheck %s --check-prefix=NULL
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=checked,jit --prog past_value --packet 0000000000000000000000000800 2>&1 | FileCheck %s --check-prefix=VALUE
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=checked,jit --prog past_packet --packet 0000000000000000000000000800 2>&1 | FileCheck %s --check-prefix=PACKET
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=checked,jit --prog past_record 2>&1 | FileCheck %s --check-prefix=RECORD
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=checked,jit --prog twice 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=checked,jit --prog constant 2>&1 | FileCheck %s --check-prefix=CONSTANT
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=checked,jit --prog short_key 2>&1 | FileCheck %s --check-prefix=KEY
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=checked,jit --prog wrong_map 2>&1 | FileCheck %s --check-prefix=MAP
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=checked,jit --prog no_map 2>&1 | FileCheck %s --check-prefix=NOMAP
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=checked,jit --prog locked 2>&1 | FileCheck %s --check-prefix=LOCKED
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=checked,jit --prog endless --fuel 5000 2>&1 | FileCheck %s --check-prefix=FUEL
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=checked,jit --prog called_back 2>&1 | FileCheck %s --check-prefix=CALLBACK
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=checked,jit --prog made_up 2>&1 | FileCheck %s --check-prefix=DYNPTR
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=checked,jit --prog moved --packet 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 2>&1 | FileCheck %s --check-prefix=MOVED
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=checked,jit --prog stale_record 2>&1 | FileCheck %s --check-prefix=STALE
// RUN: %python %inputs/exits.py 1 %spile exec -q %s --unverified --engine=checked,jit --prog left_frame 2>&1 | FileCheck %s --check-prefix=FRAME
// What no verifier would let through could read or write memory of the process, or fail without saying where and why.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct value {
  struct bpf_spin_lock lock;
  int n;
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, __u64);
  __type(value, struct value);
  __uint(max_entries, 16);
} counts SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} ring SEC(".maps");
const volatile int limit = 7;
int runs;

// GOOD: 0x2
// GOOD: counts[8]
SEC("xdp") int good(struct xdp_md *ctx) {
  unsigned char *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  if (data + 14 > end) return XDP_DROP;
  __u64 key = data[12];
  struct value first = {.n = 1};
  bpf_map_update_elem(&counts, &key, &first, BPF_ANY);
  struct value *v = bpf_map_lookup_elem(&counts, &key);
  if (!v) return XDP_DROP;
  bpf_spin_lock(&v->lock);
  v->n++;
  bpf_spin_unlock(&v->lock);
  __u64 *record = bpf_ringbuf_reserve(&ring, 8, 0);
  if (record) {
    *record = key;
    bpf_ringbuf_submit(record, 0);
  }
  return v->n == 2 ? XDP_PASS : XDP_DROP;
}

// GLOBALS: 0xe
SEC("syscall") int globals(int *ctx) { return ctx[0] + ++runs + limit; }

// NULL: exec-unverified.c:[[#@LINE+5]]:{{[0-9]+}}: error: reads 4 bytes at 0x4: a pointer that is NULL [OutsideMemory]
// NULL-NEXT: return v->n;
// NULL: note: instruction {{[0-9]+}}: `{{r0|w0}} = *({{.}}32 *)(r0 + 0x4)`
SEC("xdp") int missing_check(struct xdp_md *ctx) {
  __u64 key = 3; struct value *v = bpf_map_lookup_elem(&counts, &key);
  return v->n;
}

// VALUE: error: writes 4 bytes at 0x{{[0-9a-f]+}}: 4 bytes past the end of a value of `counts`, which has 8 bytes [OutsideMemory]
SEC("xdp") int past_value(struct xdp_md *ctx) {
  __u64 key = 3;
  struct value first = {.n = 1};
  bpf_map_update_elem(&counts, &key, &first, BPF_ANY);
  struct value *v = bpf_map_lookup_elem(&counts, &key);
  v[1].n = 4;
  return 0;
}

// PACKET: error: reads 1 byte at 0x{{[0-9a-f]+}}: 6 bytes past the end of the packet, which has 14 bytes
SEC("xdp") int past_packet(struct xdp_md *ctx) { return ((char *)(long)ctx->data)[20]; }

// RECORD: error: writes 8 bytes at 0x{{[0-9a-f]+}}: right behind a record of a ring buffer, which has 8 bytes
SEC("syscall") int past_record(void *ctx) {
  __u64 *record = bpf_ringbuf_reserve(&ring, 8, 0);
  record[1] = 1;
  bpf_ringbuf_submit(record, 0);
  return 0;
}

// TWICE: error: argument 1 of `bpf_ringbuf_submit` must be a record that is reserved, but is 0x{{.*}} [ArgumentObject]
SEC("syscall") int twice(void *ctx) {
  __u64 *record = bpf_ringbuf_reserve(&ring, 8, 0);
  bpf_ringbuf_submit(record, 0);
  bpf_ringbuf_submit(record, 0);
  return 0;
}

// CONSTANT: error: writes 4 bytes at 0x{{[0-9a-f]+}}: the globals in `{{.*}}.rodata` is read-only [ReadOnlyMemory]
SEC("syscall") int constant(void *ctx) {
  *(volatile int *)&limit = 8;
  return 0;
}

// KEY: error: `bpf_map_lookup_elem` reads 8 bytes at 0x{{[0-9a-f]+}}, its argument 2: offset 508 of the stack, which has 512 bytes [ArgumentMemory]
SEC("syscall") int short_key(void *ctx) {
  int key = 0;
  return bpf_map_lookup_elem(&counts, &key) != 0;
}

// MAP: error: argument 1 of `bpf_ringbuf_reserve` is `counts`, a map of a type that it does not take [ArgumentMapType]
SEC("syscall") int wrong_map(void *ctx) { return bpf_ringbuf_reserve(&counts, 8, 0) != 0; }

// NOMAP: error: argument 1 of `bpf_map_delete_elem` must be a map, but is 0x{{[0-9a-f]+}} [ArgumentObject]
SEC("syscall") int no_map(void *ctx) {
  __u64 key = 0;
  return bpf_map_delete_elem(&key, &key);
}

// LOCKED: error: `bpf_spin_lock`, but the lock is held already [LockHeld]
SEC("syscall") int locked(void *ctx) {
  __u64 key = 3;
  struct value first = {.n = 1};
  bpf_map_update_elem(&counts, &key, &first, BPF_ANY);
  struct value *v = bpf_map_lookup_elem(&counts, &key);
  bpf_spin_lock(&v->lock);
  bpf_spin_lock(&v->lock);
  return 0;
}

// FUEL: error: stopped: it may execute 5000 instructions [OutOfFuel]
SEC("syscall") int endless(void *ctx) {
  for (;;) runs++;
}

// CALLBACK: exec-unverified.c:[[#@LINE+1]]:{{[0-9]+}}: error: writes 8 bytes at 0x{{[0-9a-f]+}}: {{.*}} the stack, which has 1024 bytes
static long write_far(__u32 i, __u64 *to) { to[200] = i; return 0; }
SEC("syscall") int called_back(void *ctx) {
  __u64 room[4] = {};
  return bpf_loop(3, write_far, room, 0);
}

// DYNPTR: error: argument 3 of `bpf_dynptr_read` must be a dynptr that a helper has made, but is
SEC("syscall") int made_up(void *ctx) {
  __u64 dynptr[2] = {(__u64)ctx, 4096}, to = 0;
  return bpf_dynptr_read(&to, 8, (struct bpf_dynptr *)dynptr, 0, 0);
}
// The loop reads where the packet was: in its first turn it is there still.
// MOVED: exec-unverified.c:[[#@LINE+5]]:{{[0-9]+}}: error: reads 1 byte at 0x{{[0-9a-f]+}}: 14 bytes before the packet, which has 18 bytes
SEC("xdp") int moved(struct xdp_md *ctx) {
  unsigned char *data = (void *)(long)ctx->data;
  int sum = 0;
  for (int i = 0; i < 3; i++) {
    sum += *(volatile unsigned char *)data;
    if (i == 1) bpf_xdp_adjust_head(ctx, 14);
  }
  return sum;
}
// In the first three turns what the loop writes is a record.
// STALE: exec-unverified.c:[[#@LINE+5]]:{{[0-9]+}}: error: writes 8 bytes at 0x{{[0-9a-f]+}}: {{.*}} [OutsideMemory]
SEC("syscall") int stale_record(void *ctx) {
  __u64 *record = 0;
  for (int i = 0; i < 4; i++) {
    if (i < 3) record = bpf_ringbuf_reserve(&ring, 8, 0);
    *(volatile __u64 *)record = i;
    if (i < 3) bpf_ringbuf_submit(record, 0);
  }
  return 0;
}

// The caller's frame is there in the first turn, the callee's no longer in the second.
// FRAME: exec-unverified.c:[[#@LINE+12]]:{{[0-9]+}}: error: reads 8 bytes at 0x{{[0-9a-f]+}}: 496 bytes past the end of the stack, which has 512 bytes
__u64 kept;
__attribute__((noinline)) int keep(void) {
  volatile __u64 mine[2] = {1, 2};
  kept = (__u64)&mine;
  return mine[0];
}
SEC("syscall") int left_frame(void *ctx) {
  volatile __u64 mine = 0;
  kept = (__u64)&mine;
  __u64 sum = 0;
  for (int i = 0; i < 2; i++) {
    sum += *(volatile __u64 *)kept;
    keep();
  }
  return sum;
}
char _license[] SEC("license") = "GPL";
