// Timers: the bpf_timers in the maps of one run. Helpers start and cancel them; whoever runs programs asks now and then
// which are due and calls them.
//
// The 16 bytes of a bpf_timer hold the number of its timer here, from 1 on; 0: bpf_timer_init() was not called.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "runtime/maps/map.h"
#include "runtime/vm/engine.h"

namespace spile::helpers {

class Timers {
 public:
  // Results of the helpers of these names: 0 or a negative errno; cancel: 1 when it was running.
  int64_t init(std::byte *timer, maps::Map &map, uint64_t flags);
  int64_t set_callback(std::byte *timer, uint64_t callback, const vm::Loaded *program);
  int64_t start(std::byte *timer, uint64_t ns, uint64_t flags, uint64_t now_ns);
  int64_t cancel(std::byte *timer);
  // The element that holds the timer is gone.
  void forget(std::byte *timer);

  // When the next one is due; none when nothing runs.
  std::optional<uint64_t> next_due() const;
  // Calls every one that is due, callback(map, key, value), earliest first. Those that they start anew wait for the
  // next call. How many.
  uint64_t run_due(uint64_t now_ns, vm::Env &env);

 private:
  struct Timer {
    std::byte *place = nullptr;
    maps::Map *map = nullptr;
    const vm::Loaded *program = nullptr;
    uint64_t callback = 0;
    std::optional<uint64_t> due;
  };
  Timer *find(std::byte *timer);

  mutable std::mutex mutex_;
  std::map<uint64_t, Timer> timers_;
  uint64_t last_ = 0;
  std::byte *running_ = nullptr;  // whose callback runs
};

}  // namespace spile::helpers
