// Ticker: makes waitpid() in this thread return with EINTR now and then.
//
// waitpid() has no timeout, and a signal that sets a flag just before the call would be noticed only at the next event.
// While a Ticker lives, a timer signals this thread: at [deadline], and every period before and after it.
#pragma once

#include <signal.h>
#include <time.h>

#include <chrono>
#include <optional>

namespace spile::hooks {

using Deadline = std::optional<std::chrono::steady_clock::time_point>;

class Ticker {
 public:
  // How late a stop flag is noticed at worst.
  static constexpr std::chrono::nanoseconds kTick = std::chrono::milliseconds(20);
  explicit Ticker(Deadline deadline, std::chrono::nanoseconds period = kTick);
  ~Ticker();
  // What it interrupts by: whoever waits with a signal mask of its own lets it through.
  static int signal();
  Ticker(const Ticker &) = delete;
  Ticker &operator=(const Ticker &) = delete;

 private:
  timer_t timer_{};
  bool armed_ = false;
  struct sigaction old_action_{};
  sigset_t old_mask_{};
};

}  // namespace spile::hooks
