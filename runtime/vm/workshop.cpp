#include "runtime/vm/workshop.h"

#include <csignal>

namespace spile::vm {

Workshop::~Workshop() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Workshop::add(Job &job) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(&job);
    if (!thread_.joinable()) start();
  }
  changed_.notify_all();
}

// Signals are for the thread that traces.
void Workshop::start() {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  thread_ = std::thread([this] { work(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
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
