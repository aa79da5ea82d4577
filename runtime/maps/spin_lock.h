// SpinLock: what guards the writers of a map. Held for a few dozen instructions. Patience: how its like are waited for.
#pragma once

#include <sched.h>

#include <atomic>

namespace spile::maps {

// Between two looks at what another thread holds. At first this thread only waits: the holder is done before the kernel
// is asked. Then it yields: with more threads than cores the holder may need this one.
class Patience {
 public:
  void wait() {
    if (waited_ == kMost) {
      ::sched_yield();
      return;
    }
    waited_++;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

 private:
  static constexpr unsigned kMost = 64;
  unsigned waited_ = 0;
};

class SpinLock {
 public:
  void lock() {
    while (held_.exchange(true, std::memory_order_acquire)) {
      Patience patience;
      while (held_.load(std::memory_order_relaxed)) patience.wait();
    }
  }
  bool try_lock() { return !held_.exchange(true, std::memory_order_acquire); }
  void unlock() { held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> held_{false};
};

}  // namespace spile::maps
