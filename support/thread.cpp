#include "support/thread.h"

#include <csignal>
#include <system_error>
#include <utility>

namespace spile {

Result<Thread> Thread::start(std::function<void()> work) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  Thread made;
  int error = 0;
  try {
    made.thread_ = std::thread(std::move(work));
  } catch (const std::system_error &problem) {
    error = problem.code().value();
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return os_error(error, "no thread can be started");
  return made;
}

}  // namespace spile
