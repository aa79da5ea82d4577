#include "support/thread.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <csignal>

namespace spile {
namespace {

TEST(Thread, WorksWithoutSignalsAndIsWaitedFor) {
  std::atomic<bool> blocked = false;
  {
    auto thread = Thread::start([&] {
      sigset_t mask;
      ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
      blocked = ::sigismember(&mask, SIGINT) == 1;
    });
    ASSERT_TRUE(thread.has_value()) << thread.error().message;
    EXPECT_TRUE(thread->is_started());
  }
  EXPECT_TRUE(blocked);
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(::sigismember(&mask, SIGINT), 0);
}

// A stack larger than all addresses, so that there is no memory for it.
TEST(Thread, ThatCannotStartIsAnError) {
  pthread_attr_t before, endless;
  ASSERT_EQ(::pthread_getattr_default_np(&before), 0);
  ASSERT_EQ(::pthread_attr_init(&endless), 0);
  ASSERT_EQ(::pthread_attr_setstacksize(&endless, size_t{1} << 56), 0);
  ASSERT_EQ(::pthread_setattr_default_np(&endless), 0);
  bool has_begun = false;
  const auto thread = Thread::start([&] { has_begun = true; });
  ::pthread_setattr_default_np(&before);
  ::pthread_attr_destroy(&endless);
  ::pthread_attr_destroy(&before);
  ASSERT_FALSE(thread.has_value());
  EXPECT_EQ(thread.error().os_error, EAGAIN);
  EXPECT_FALSE(has_begun);
}

}  // namespace
}  // namespace spile
