// A thread that may not start: the host has a limit of them (RLIMIT_NPROC, a cgroup's pids.max), and memory for their
// stacks. std::thread throws where there is none; here it is an error, and the caller says what goes on without it.
#pragma once

#include <functional>
#include <thread>
#include <utility>

#include "support/result.h"

namespace spile {

class Thread {
 public:
  // Runs [work] on a thread that gets no signals: those are for the thread that runs programs. Environment error where
  // there is no thread to be had; [work] has not begun then.
  static Result<Thread> start(std::function<void()> work);

  Thread() = default;
  Thread(Thread &&) = default;
  Thread &operator=(Thread &&other) noexcept {
    join();
    thread_ = std::move(other.thread_);
    return *this;
  }
  // Waits for its end.
  ~Thread() { join(); }

  bool is_started() const { return thread_.joinable(); }
  void join() {
    if (is_started()) thread_.join();
  }

 private:
  std::thread thread_;
};

}  // namespace spile
