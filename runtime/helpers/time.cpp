// Helpers of time and chance.
#include "runtime/helpers/helpers.h"

namespace spile::helpers {

uint64_t ktime_get_boot_ns(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return env->now_ns() + env->suspended_ns;
}

// Kernel: coarse time is that of the last tick; here it is exact.
uint64_t ktime_get_coarse_ns(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) { return env->now_ns(); }

uint64_t ktime_get_tai_ns(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return env->now_ns() + env->tai_ahead_ns;
}

// Ticks of 250 a second, counted from five minutes before zero as the kernel counts them.
uint64_t jiffies64(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  constexpr uint64_t kTick = 4'000'000, kInitial = UINT32_MAX - 300 * 250 + 1;
  return kInitial + env->now_ns() / kTick;
}

}  // namespace spile::helpers
