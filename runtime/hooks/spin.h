// Spin: whether it pays to ask again and again for the next stop in place of sleeping until it comes.
//
// A tracer that sleeps has its processor go idle, and to wake that takes longer than all that is done at a stop. Where
// stops follow each other closely, asking for some microseconds finds the next one. It does not where the command needs
// the processor that the tracer spins on: then each failure doubles the stops that pass before the next attempt.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace spile::hooks {

class Spin {
 public:
  using Clock = std::chrono::steady_clock;
  // How long to ask; a stop that comes within this time of the last one is close to it.
  static constexpr std::chrono::microseconds kLongest{60};

  // Never where this thread may use one processor only.
  Spin();

  // Before a wait. False: sleep.
  bool pays() {
    if (rest_ > 0) rest_--;
    return close_ >= kCloseEnough && rest_ == 0;
  }
  void found() { penalty_ = std::max(penalty_ / 2, 1u); }
  void missed() {
    close_ = 0;
    rest_ = penalty_;
    penalty_ = std::min(penalty_ * 2, kMostPenalty);
  }
  // How long a wait has taken that slept.
  void slept(Clock::duration time) { close_ = time > kLongest ? 0 : std::min(close_ + 1, kCloseEnough); }

 private:
  // Stops in a row that come close to each other, before it is worth a try.
  static constexpr uint32_t kCloseEnough = 4;
  static constexpr uint32_t kMostPenalty = 4096;

  uint32_t close_ = 0;
  uint32_t rest_ = 0;  // stops that are slept for yet
  uint32_t penalty_ = 1;
};

}  // namespace spile::hooks
