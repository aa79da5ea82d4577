// Sampler: which threads of a command are due for a sample of what they do, by the time that they spend on processors.
//
// A thread is asked once for each period of its own processor time, while it runs: one that sleeps is left alone, so no
// system call of it is interrupted. Where the time is known in pieces (of a tick of the kernel's scheduler, at worst),
// samples come as late. What lies further back than a second is not made up for.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "support/result.h"

namespace spile::hooks {

// Of SEC("profile/99hz"); SEC("perf_event") says none, and gets 99 Hz. Usage error: another name than these.
Result<std::chrono::nanoseconds> sample_period(std::string_view section);

class Sampler {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Sampler(std::vector<std::chrono::nanoseconds> periods);
  std::chrono::nanoseconds shortest_period() const { return shortest_; }
  Clock::time_point next() const { return next_; }

  // At next(), for each thread: whether it is to be stopped for a sample.
  bool is_due(pid_t tid);
  void advance();
  // The thread stands still: of which periods it is a sample, by index. Those count as taken.
  std::vector<uint32_t> take(pid_t tid);
  // The thread stands still for another reason. The kernel then forgets an interrupt that was on its way: it is asked
  // for again.
  void stopped_otherwise(pid_t tid);
  void gone(pid_t tid) { threads_.erase(tid); }

 private:
  struct Thread {
    uint64_t ran_ns = 0;  // on processors, when last looked at
    std::vector<uint64_t> sampled_ns;
    bool is_asked = false;
  };
  std::vector<std::chrono::nanoseconds> periods_;
  std::chrono::nanoseconds shortest_;
  Clock::time_point next_;
  std::unordered_map<pid_t, Thread> threads_;
};

}  // namespace spile::hooks
