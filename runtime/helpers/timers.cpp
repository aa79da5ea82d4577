#include "runtime/helpers/timers.h"

#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "runtime/maps/pages.h"

namespace spile::helpers {

namespace {

uint64_t number_at(const std::byte *timer) {
  uint64_t number;
  std::memcpy(&number, timer, sizeof number);
  return number;
}

constexpr uint64_t kAbsolute = 1, kPinned = 2;  // BPF_F_TIMER_ABS, BPF_F_TIMER_CPU_PIN

}  // namespace

Timers::Timer *Timers::find(std::byte *timer) {
  const auto found = timers_.find(number_at(timer));
  return found == timers_.end() || found->second.place != timer ? nullptr : &found->second;
}

int64_t Timers::init(std::byte *timer, maps::Map &map, uint64_t flags) {
  if (flags != CLOCK_MONOTONIC && flags != CLOCK_REALTIME && flags != CLOCK_BOOTTIME) return -EINVAL;
  const std::lock_guard guard(mutex_);
  if (find(timer) != nullptr) return -EBUSY;
  timers_[++last_] = {timer, &map, nullptr, 0, {}};
  std::memcpy(timer, &last_, sizeof last_);
  return 0;
}

int64_t Timers::set_callback(std::byte *timer, uint64_t callback, const vm::Loaded *program) {
  const std::lock_guard guard(mutex_);
  Timer *found = find(timer);
  if (found == nullptr) return -EINVAL;
  found->callback = callback;
  found->program = program;
  return 0;
}

int64_t Timers::start(std::byte *timer, uint64_t ns, uint64_t flags, uint64_t now_ns) {
  if ((flags & ~(kAbsolute | kPinned)) != 0) return -EINVAL;
  const std::lock_guard guard(mutex_);
  Timer *found = find(timer);
  if (found == nullptr || found->program == nullptr) return -EINVAL;
  found->due = (flags & kAbsolute) != 0 ? ns : now_ns + std::min(ns, UINT64_MAX - now_ns);
  return 0;
}

int64_t Timers::cancel(std::byte *timer) {
  const std::lock_guard guard(mutex_);
  Timer *found = find(timer);
  if (found == nullptr) return -EINVAL;
  if (running_ == timer) return -EDEADLK;
  found->callback = 0;
  found->program = nullptr;
  const bool was_running = found->due.has_value();
  found->due.reset();
  return was_running ? 1 : 0;
}

void Timers::forget(std::byte *timer) {
  const std::lock_guard guard(mutex_);
  if (find(timer) == nullptr) return;
  timers_.erase(number_at(timer));
  std::memset(timer, 0, sizeof(uint64_t));
}

std::optional<uint64_t> Timers::next_due() const {
  const std::lock_guard guard(mutex_);
  std::optional<uint64_t> next;
  for (const auto &[number, timer] : timers_)
    if (timer.due && (!next || *timer.due < *next)) next = timer.due;
  return next;
}

uint64_t Timers::run_due(uint64_t now_ns, vm::Env &env) {
  std::vector<std::pair<uint64_t, uint64_t>> due;  // when, number
  {
    const std::lock_guard guard(mutex_);
    for (const auto &[number, timer] : timers_)
      if (timer.due && *timer.due <= now_ns) due.emplace_back(*timer.due, number);
  }
  std::ranges::sort(due);
  uint64_t called = 0;
  for (const auto &[when, number] : due) {
    Timer timer;
    {
      // An earlier callback may have cancelled it, or put it off.
      const std::lock_guard guard(mutex_);
      const auto found = timers_.find(number);
      if (found == timers_.end() || found->second.due != when) continue;
      found->second.due.reset();
      timer = found->second;
      running_ = timer.place;
    }
    const maps::Definition &definition = timer.map->definition();
    const auto field = std::ranges::find(definition.special, maps::SpecialField::Timer, &maps::SpecialField::kind);
    std::byte *value = timer.place - (field == definition.special.end() ? 0 : field->offset);
    // Where the key lies: before a hash map's value; an array's is the value's number.
    uint32_t index = 0;
    const std::byte *key = value - maps::round_up_8(definition.key_size);
    if (const std::byte *values = timer.map->direct_values()) {
      index = static_cast<uint32_t>(static_cast<uint64_t>(value - values) / maps::round_up_8(definition.value_size));
      key = reinterpret_cast<const std::byte *>(&index);
    }
    timer.program->call(timer.callback, reinterpret_cast<uint64_t>(timer.map), reinterpret_cast<uint64_t>(key),
                        reinterpret_cast<uint64_t>(value), env);
    called++;
    const std::lock_guard guard(mutex_);
    running_ = nullptr;
  }
  return called;
}

}  // namespace spile::helpers
