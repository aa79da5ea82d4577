#include "runtime/hooks/sampler.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "runtime/hooks/task.h"

namespace spile::hooks {

namespace {

// An odd one does not beat with what happens every so often.
constexpr uint64_t kSamplesPerSecond = 99;
// Stopping a thread for a sample takes some 20 µs.
constexpr uint64_t kMostSamplesPerSecond = 10'000;
constexpr uint64_t kSecond = 1'000'000'000;

// Nanoseconds on processors: the first number of /proc/<tid>/schedstat, which every user may read.
uint64_t processor_time(pid_t tid) {
  std::array<char, 64> buffer;
  const std::string_view text = read_proc(tid, "schedstat", buffer);
  uint64_t time = 0;
  std::from_chars(text.data(), text.data() + text.size(), time);
  return time;
}

bool is_running(pid_t tid) {
  std::array<char, 128> buffer;
  const std::string_view stat = read_proc(tid, "stat", buffer);
  const size_t name_end = stat.rfind(')');
  return name_end != std::string_view::npos && stat.substr(name_end).starts_with(") R");
}

}  // namespace

Result<std::chrono::nanoseconds> sample_period(std::string_view section) {
  const size_t slash = section.find('/');
  uint64_t rate = kSamplesPerSecond;
  if (slash != std::string_view::npos) {
    const std::string_view said = section.substr(slash + 1);
    const auto [end, error] = std::from_chars(said.data(), said.data() + said.size(), rate);
    if (error == std::errc::invalid_argument || rate == 0 || std::string_view(end, said.data() + said.size()) != "hz")
      return usage_error("SEC(\"{}\"): a rate is written as in `profile/99hz`", section);
    if (error != std::errc() || rate > kMostSamplesPerSecond)
      return usage_error("SEC(\"{}\"): up to {} samples a second are taken", section, kMostSamplesPerSecond);
  }
  return std::chrono::nanoseconds(kSecond / rate);
}

Sampler::Sampler(std::vector<std::chrono::nanoseconds> periods)
    : periods_(std::move(periods)), shortest_(*std::ranges::min_element(periods_)), next_(Clock::now() + shortest_) {}

bool Sampler::is_due(pid_t tid) {
  Thread &thread = threads_[tid];
  const uint64_t ran = processor_time(tid);
  if (thread.sampled_ns.empty()) thread.sampled_ns.assign(periods_.size(), 0);
  if (ran == std::exchange(thread.ran_ns, ran) || thread.is_asked) return false;
  for (size_t i = 0; i < periods_.size(); i++) {
    thread.sampled_ns[i] = std::max(thread.sampled_ns[i], ran - std::min(ran, kSecond));
    if (ran - thread.sampled_ns[i] >= static_cast<uint64_t>(periods_[i].count())) thread.is_asked = true;
  }
  thread.is_asked = thread.is_asked && is_running(tid);
  return thread.is_asked;
}

void Sampler::stopped_otherwise(pid_t tid) {
  if (const auto known = threads_.find(tid); known != threads_.end()) known->second.is_asked = false;
}

// Ticks that have been missed are not made up for: the threads' own time tells what is due.
void Sampler::advance() {
  const auto now = Clock::now();
  next_ += shortest_ * ((now - next_) / shortest_ + 1);
}

std::vector<uint32_t> Sampler::take(pid_t tid) {
  std::vector<uint32_t> due;
  const auto known = threads_.find(tid);
  if (known == threads_.end()) return due;
  Thread &thread = known->second;
  thread.is_asked = false;
  for (uint32_t i = 0; i < periods_.size(); i++) {
    const auto period = static_cast<uint64_t>(periods_[i].count());
    if (thread.ran_ns - thread.sampled_ns[i] < period) continue;
    thread.sampled_ns[i] += period;
    due.push_back(i);
  }
  return due;
}

}  // namespace spile::hooks
