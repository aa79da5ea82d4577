// Hot helpers: those whose code the JIT has as LLVM bitcode, so that it becomes a part of the program. hot.cpp holds
// the code, compiled when Spile is built; link_hot.h adds to a module what it refers to.
//
// Each takes what a helper does and the helper itself, which it calls where its short way does not lead.
#pragma once

// X(number, name): those of helpers/plain.h, which lead everywhere.
#define SPILE_HOT_PLAIN(X)     \
  X(5, ktime_get_ns)           \
  X(7, get_prandom_u32)        \
  X(8, get_smp_processor_id)   \
  X(14, get_current_pid_tgid)  \
  X(15, get_current_uid_gid)   \
  X(35, get_current_task)      \
  X(42, get_numa_node_id)      \
  X(80, get_current_cgroup_id) \
  X(173, get_func_ip)          \
  X(174, get_attach_cookie)

// X(number, name): the others, whatever map they get; short ones and long ones.
#define SPILE_HOT_SHORT(X) \
  X(132, ringbuf_submit)   \
  X(133, ringbuf_discard)
#define SPILE_HOT_LONG(X) X(131, ringbuf_reserve)

// X(key bytes): lookups in a hash, in one that evicts and in one of each CPU's values; 0 for all other sizes
// (maps::with_key_size). That in an array of each CPU's values is lookup_percpu_array. The first gets its table in the
// place of the map, as constants: buckets, key, slab, the size of keys above the mask of the buckets, stride.
#define SPILE_HOT_LOOKUPS(X) X(0) X(4) X(8) X(16)
