// Helpers of what lies inside a map's value: spin locks, timers, kernel pointers.
#include <linux/bpf.h>

#include <atomic>
#include <cerrno>

#include "runtime/helpers/helpers.h"
#include "runtime/helpers/timers.h"

namespace spile::helpers {

uint64_t spin_lock(uint64_t lock, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) {
  maps::lock_value(bytes_at(lock));
  return 0;
}
uint64_t spin_unlock(uint64_t lock, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) {
  maps::unlock_value(bytes_at(lock));
  return 0;
}

uint64_t kptr_xchg(uint64_t slot, uint64_t object, uint64_t, uint64_t, uint64_t, vm::Env *) {
  return std::atomic_ref(*reinterpret_cast<uint64_t *>(bytes_at(slot))).exchange(object);
}

// Without someone who runs them (a session), there are no timers.
uint64_t timer_init(uint64_t timer, uint64_t map, uint64_t flags, uint64_t, uint64_t, vm::Env *env) {
  return returned(env, k_timer_init,
                  env->timers == nullptr ? -EOPNOTSUPP : env->timers->init(bytes_at(timer), map_at(map), flags));
}
uint64_t timer_set_callback(uint64_t timer, uint64_t callback, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return returned(
      env, k_timer_set_callback,
      env->timers == nullptr ? -EOPNOTSUPP : env->timers->set_callback(bytes_at(timer), callback, env->running));
}
uint64_t timer_start(uint64_t timer, uint64_t ns, uint64_t flags, uint64_t, uint64_t, vm::Env *env) {
  return returned(env, k_timer_start,
                  env->timers == nullptr ? -EOPNOTSUPP : env->timers->start(bytes_at(timer), ns, flags, env->now_ns()));
}
uint64_t timer_cancel(uint64_t timer, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return returned(env, k_timer_cancel, env->timers == nullptr ? -EOPNOTSUPP : env->timers->cancel(bytes_at(timer)));
}

}  // namespace spile::helpers
