// Plain helpers: so short that a call costs more than what they do. Inline, so that the JIT can have their code as
// bitcode (runtime/jit/hot.cpp); table.cpp gives their addresses to everyone else. helpers.h includes this.
//
// Of the event: in a handler without one (begin, end, interval) they answer for nobody.
#pragma once

#include <cstdint>

#include "runtime/vm/env.h"

namespace spile::helpers {

inline uint64_t get_current_pid_tgid(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return env->event == nullptr ? 0 : uint64_t{env->event->pid} << 32 | env->event->tid;
}

inline uint64_t get_current_uid_gid(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return env->event == nullptr ? 0 : uint64_t{env->event->gid} << 32 | env->event->uid;
}

inline uint64_t get_smp_processor_id(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return env->event == nullptr ? 0 : env->event->cpu;
}

inline uint64_t ktime_get_ns(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) { return env->now_ns(); }

inline uint64_t get_numa_node_id(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) { return 0; }

// Addresses that are not null and that nothing can be read from: there is no task_struct here.
inline constexpr uint64_t kTasks = 0xffff'8880'0000'0000, kTaskBytes = 0x4000;
inline uint64_t get_current_task(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return env->event == nullptr ? 0 : kTasks + uint64_t{env->event->tid} * kTaskBytes;
}

inline uint64_t get_current_cgroup_id(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return env->cgroup_id;
}

inline uint64_t get_attach_cookie(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return env->event == nullptr ? 0 : env->event->cookie;
}
inline uint64_t get_func_ip(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return env->event == nullptr ? 0 : env->event->function;
}

// SplitMix64 (public domain): every seed, 0 too, gives a full-period sequence.
inline uint64_t get_prandom_u32(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  uint64_t mixed = env->random_state += 0x9e3779b97f4a7c15ull;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ull;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebull;
  return (mixed ^ mixed >> 31) >> 32;
}

}  // namespace spile::helpers
