#include "runtime/vm/workshop.h"

#include <utility>

namespace spile::vm {

Workshop::~Workshop() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool Workshop::add(Job &job) {
  {
    const std::lock_guard lock(mutex_);
    if (!thread_.is_started()) {
      auto started = Thread::start([this] { work(); });
      if (!started) return false;
      thread_ = std::move(*started);
    }
    waiting_.push_back(&job);
  }
  changed_.notify_all();
  return true;
}

void Workshop::take_back(const Job &job) {
  std::unique_lock lock(mutex_);
  std::erase(waiting_, &job);
  changed_.wait(lock, [&] { return in_work_ != &job; });
}

void Workshop::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
    if (closing_) return;
    Job *const job = waiting_.front();
    waiting_.pop_front();
    in_work_ = job;
    lock.unlock();
    job->work();
    lock.lock();
    in_work_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace spile::vm
