// What becomes of a recording whose reader does not survive it.
#include "runtime/hooks/isolated_recording.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <functional>

namespace spile::hooks {
namespace {

// Events of getpgid(), numbered by their time; then what [end] does.
class Numbered final : public Recording {
 public:
  Numbered(uint64_t count, std::function<Result<bool>()> end)
      : count_(count), end_(std::move(end)), hooks_{*find_tracepoint("syscalls/sys_enter_getpgid")} {}
  Result<bool> next(uint32_t &hook, vm::Event &event) override {
    if (at_ == count_) return end_();
    hook = 0;
    event.time_ns = ++at_;
    event.ctx = context_;
    return true;
  }
  const std::vector<Tracepoint> &hooks() const override { return hooks_; }
  uint64_t clock_ns() const override { return 7; }
  std::vector<std::string> notices() const override { return {"two events were lost"}; }

 private:
  uint64_t count_, at_ = 0;
  std::function<Result<bool>()> end_;
  std::vector<Tracepoint> hooks_;
  std::array<std::byte, 24> context_{};
};

Result<std::unique_ptr<Recording>> read(uint64_t count, std::function<Result<bool>()> end) {
  return read_isolated("in.dat", "libfragile", [&]() -> Result<std::unique_ptr<Recording>> {
    return std::make_unique<Numbered>(count, std::move(end));
  });
}

// How many events came in their order, and the error behind them.
std::pair<uint64_t, std::string> drain(Recording &recording) {
  vm::Event event;
  uint64_t count = 0;
  for (uint32_t hook = 0;; count++) {
    const auto more = recording.next(hook, event);
    if (!more) return {count, more.error().message};
    if (!*more) return {count, ""};
    EXPECT_EQ(event.time_ns, count + 1);
    EXPECT_EQ(recording.hooks().at(hook).name(), "syscalls/sys_enter_getpgid");
    EXPECT_EQ(event.ctx.size(), 24u);
  }
}

void crash() { ::raise(SIGSEGV); }

TEST(IsolatedRecording, GivesWhatItsReaderGives) {
  for (const uint64_t count : {0u, 1u, 100'000u}) {
    auto recording = read(count, [] { return false; });
    ASSERT_TRUE(recording) << recording.error().message;
    EXPECT_EQ((*recording)->clock_ns(), 7u);
    EXPECT_EQ(drain(**recording), std::pair(count, std::string()));
    EXPECT_EQ((*recording)->notices(), std::vector<std::string>{"two events were lost"});
  }
}

TEST(IsolatedRecording, AnErrorOfItsReaderIsItsOwn) {
  auto recording = read(5, []() -> Result<bool> { return input_error("`in.dat`: a page is missing"); });
  ASSERT_TRUE(recording);
  EXPECT_EQ(drain(**recording), std::pair(uint64_t{5}, std::string("`in.dat`: a page is missing")));
}

TEST(IsolatedRecording, ACrashIsAnErrorThatNamesTheFile) {
  const auto first = read(0, []() -> Result<bool> {
    crash();
    return false;
  });
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().kind, Error::Kind::Input);
  EXPECT_EQ(first.error().message,
            "`in.dat` is damaged: behind 0 events libfragile crashes on it (Segmentation fault)");
  // Events that went through the pipe before are there.
  auto later = read(100'000, []() -> Result<bool> {
    crash();
    return false;
  });
  ASSERT_TRUE(later);
  const auto [count, message] = drain(**later);
  EXPECT_GT(count, 50'000u);
  EXPECT_EQ(message,
            fmt::format("`in.dat` is damaged: behind {} events libfragile crashes on it (Segmentation fault)", count));
}

TEST(IsolatedRecording, WhoReadsNoFurtherLeavesNobodyBehind) {
  {
    auto recording = read(UINT64_MAX, [] { return false; });
    ASSERT_TRUE(recording);
    uint32_t hook = 0;
    vm::Event event;
    for (int i = 0; i < 10; i++) ASSERT_TRUE((*recording)->next(hook, event).value());
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace spile::hooks
