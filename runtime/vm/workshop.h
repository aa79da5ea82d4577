// Workshop: a thread that does one job after the other, which somebody else may wait for or take back.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>

#include "support/thread.h"

namespace spile::vm {

class Workshop {
 public:
  class Job {
   public:
    virtual ~Job() = default;
    virtual void work() = 0;
  };

  Workshop() = default;
  Workshop(const Workshop &) = delete;
  Workshop &operator=(const Workshop &) = delete;
  // Waits for the job in work.
  ~Workshop();

  // The thread begins with the first one. False where none can be started: the job was not taken.
  bool add(Job &job);
  // When it returns, the job is done or will not be.
  void take_back(const Job &job);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job *> waiting_;
  const Job *in_work_ = nullptr;
  bool closing_ = false;
  Thread thread_;
};

}  // namespace spile::vm
