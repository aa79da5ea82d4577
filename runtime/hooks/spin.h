// Spin: whether it pays to ask again and again for the next stop in place of sleeping until it comes.
//
// A tracer that sleeps has its processor go idle, and to wake that takes longer than all that is done at a stop. Where
// stops follow each other closely, asking for some microseconds finds the next one. It does not where others want the
// processors: then the command needs the one that the tracer spins on. So it is tried only while a processor is idle,
// and each failure doubles the stops that pass before the next attempt.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "support/file.h"

namespace spile::hooks {

class Spin {
 public:
  using Clock = std::chrono::steady_clock;
  // How long to ask; a stop that comes within this time of the last one is close to it.
  static constexpr std::chrono::microseconds kLongest{50};

  // Never where this thread may use one processor only, or nobody tells how many are in use.
  Spin();

  // Before a wait, while what is waited for has nothing to do. False: sleep.
  bool pays() {
    if (rest_ > 0) rest_--;
    if (processors_ < 2 || close_ < kCloseEnough || rest_ != 0) return false;
    if (looks_-- != 0) return true;
    looks_ = kBetweenLooks;
    if (has_idle_processor()) return true;
    looks_ = 0;
    rest_ = kBusy;
    return false;
  }
  void found() {
    if (++found_ % kManyFound == 0) penalty_ = std::max(penalty_ / 2, 1u);
  }
  void missed() {
    close_ = found_ = looks_ = 0;
    rest_ = penalty_;
    penalty_ = std::min(penalty_ * 2, kMostPenalty);
  }
  // How long a wait has taken that slept.
  void slept(Clock::duration time) { close_ = time > kLongest ? 0 : std::min(close_ + 1, kCloseEnough); }

 private:
  // Stops in a row that come close to each other, before it is worth a try.
  static constexpr uint32_t kCloseEnough = 4;
  static constexpr uint32_t kMostPenalty = 4096;
  // Found in a row, before a failure is half forgotten.
  static constexpr uint32_t kManyFound = 64;
  // Attempts between two looks at the processors, which take as long as a stop; stops that are slept for when none is
  // idle.
  static constexpr uint32_t kBetweenLooks = 64, kBusy = 256;

  bool has_idle_processor() const;

  Fd load_;  // /proc/loadavg
  uint32_t processors_ = 0;
  uint32_t close_ = 0, found_ = 0, looks_ = 0;
  uint32_t rest_ = 0;  // stops that are slept for yet
  uint32_t penalty_ = 1;
};

}  // namespace spile::hooks
