// SpinLock: what guards the writers of a map. Held for a few dozen instructions.
#pragma once

#include <sched.h>

#include <atomic>

namespace spile::maps {

class SpinLock {
 public:
  void lock() {
    // Yields: with more threads than cores the holder may need this one.
    while (held_.exchange(true, std::memory_order_acquire))
      while (held_.load(std::memory_order_relaxed)) ::sched_yield();
  }
  bool try_lock() { return !held_.exchange(true, std::memory_order_acquire); }
  void unlock() { held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> held_{false};
};

}  // namespace spile::maps
